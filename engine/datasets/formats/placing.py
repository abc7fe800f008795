"""Search for the image files of tables, and the problems of names without one."""

import functools
import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.names.image_folders import choose_folders
from engine.datasets.formats.names.image_names import Listing, is_inside
from engine.datasets.formats.names.missing_files import RowsWithoutFile
from engine.datasets.formats.names.name_readings import reading_problems
from engine.datasets.formats.names.name_tree import NameTree, Readings
from engine.datasets.formats.names.places import Places
from engine.datasets.formats.problems import note, warning
from engine.datasets.formats.rows import Row
from engine.problem import Problem

FOLDERS_NAMED = 3
"""Number of image folders that a layout's name lists."""


@dataclass(frozen=True)
class Placed:
    """Rows of some tables after the search for their files."""

    root: Path
    inside: str
    """Folder of the images in words, such as `, images in train`; empty where they lie beside the tables."""
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Table:
    """Rows of one table with the folder that was chosen for its images."""

    rows: Sequence[Row]
    listing: Listing
    files: Sequence[str | None]
    """For each row its file relative to that folder; None where it is not there."""


def place(
    tables: Sequence[Sequence[Row]], places: Places, *, on_bad: str, split: str | None = None
) -> Placed:
    """Find the image files of some tables: all in one folder, those of each table in its own, or each name in any.

    Names that are not in the chosen folder are looked up in all folders, and as other programs write them (see
    `name_tree`). Rows without a file keep their names and are marked as missing; the problem that reports them is an
    error unless `on_bad` is `skip`. Rows without a name, and those whose names lead out of the folder, are left out.
    `split` is the one in the name of an only table."""
    listings, problems = choose_folders(tables, places, split)
    chosen = [
        _Table(rows, listing, [listing.find(row.file) if row.file else None for row in rows])
        for rows, listing in zip(tables, listings, strict=True)
    ]
    search = _Search(chosen, _readings(chosen, places.tree), places)
    return Placed(
        search.root,
        search.inside,
        tuple(row for row in search.rows if is_inside(row.file)),
        (
            *search.without_file.problems(on_bad),
            *(problem for table in chosen for problem in _doubtful(table)),
            *reading_problems(search.readings, search.without_file.total),
            *([] if search.readings.read else problems),
            *search.unlabelled(),
        ),
    )


@dataclass(frozen=True)
class _Search:
    """Tables with what was found for their names."""

    tables: Sequence[_Table]
    readings: Readings
    places: Places

    @property
    def base(self) -> Path:
        return self.places.base

    @functools.cached_property
    def folders(self) -> list[Path]:
        """Folders that were chosen for the tables, without those that hold none of their images."""
        chosen = (table.listing.root for table in self.tables if any(table.files) or not self.readings.read)
        return list(dict.fromkeys(chosen))

    @functools.cached_property
    def root(self) -> Path:
        """Root of all rows: the only folder of images, else the folder that holds these."""
        files = [self.base / each.file for each in self.readings.read.values()]
        if len(self.folders) == 1 and all(file.is_relative_to(self.folders[0]) for file in files):
            return self.folders[0]
        return self.base

    @property
    def where(self) -> str:
        """Folders that were searched, in words."""
        return " and ".join(map(str, self.folders or [self.base]))

    @property
    def inside(self) -> str:
        """Folders of the images in words; first those that were chosen, then those of names found elsewhere."""
        read = self.readings.read.values()
        others = [(self.base / each.file).parent for each in read if each.how in ("folder", "number")]
        folders = list(dict.fromkeys([*self.folders, *others])) or [self.base]
        named = [_below(each, self.places.folder) for each in folders]
        return "" if named == ["."] else f", images in {_in_short(named)}"

    @functools.cached_property
    def rows(self) -> list[Row]:
        """Rows with a name, with their files relative to the root."""
        return [
            self._row(table, row, file)
            for table in self.tables
            for row, file in zip(table.rows, table.files, strict=True)
            if row.file
        ]

    def _row(self, table: _Table, row: Row, file: str | None) -> Row:
        name, is_missing = row.file, False
        if row.file in self.readings.ambiguous or (file is None and row.file not in self.readings.read):
            is_missing = True
            if is_inside(name):
                name = _joined(table.listing.root, self.root, posixpath.normpath(name))
        elif file is not None:
            name = _joined(table.listing.root, self.root, file)
        else:
            name = _joined(self.base, self.root, self.readings.read[row.file].file)
        return Row(name, row.label, row.split, row.group, is_missing)

    @functools.cached_property
    def without_file(self) -> RowsWithoutFile:
        """Rows without a name or a file; those whose names fit several files are told of apart."""
        every = [row.file for table in self.tables for row in table.rows]
        pairs = zip(self.rows, filter(None, every), strict=True)
        lost = [row.file for row, name in pairs if row.is_missing and name not in self.readings.ambiguous]
        return RowsWithoutFile(
            nameless=every.count(""),
            outside=[name for name in lost if not is_inside(name)],
            missing=[name for name in lost if is_inside(name)],
            total=len(every),
            where=self.where,
            unreadable=self.places.unreadable,
            there=next(iter(self.places.tree.files), "") if lost else "",
            not_searched=self.base if lost and self.places.tree.is_too_large else None,
        )

    def unlabelled(self) -> list[Problem]:
        """Note the image files that have no label and lie in the folder of one that has."""
        used = {row.file for row in self.rows if not row.is_missing}
        beside = {
            _joined(table.listing.root, self.root, file)
            for table in self.tables
            for file in table.listing.unused({file for file in table.files if file})
        }
        if self.readings.read:
            folders = {each.file.rpartition("/")[0] for each in self.readings.read.values()}
            files = [file for file in self.places.tree.files if file.rpartition("/")[0] in folders]
            beside |= {_joined(self.base, self.root, file) for file in files}
        unused = sorted(beside - used)
        if not unused:
            return []
        text = f"{len(unused):,} image files in {self.where} have no label and are not used"
        return [note("extra_files", text, unused)]


def _readings(tables: Sequence[_Table], tree: NameTree) -> Readings:
    """Look up the names that are not in the folder chosen for them.

    Where some are found in other folders, a name that is a file in several folders is ambiguous."""
    pairs = [
        (row.file, file, table) for table in tables for row, file in zip(table.rows, table.files, strict=True)
    ]
    missing = [name for name, file, _ in pairs if name and file is None]
    if not missing:
        return Readings({}, {})
    taken = [_joined(table.listing.root, tree.root, file) for _, file, table in pairs if file is not None]
    readings = tree.read(missing, taken)
    if not any(each.how == "folder" for each in readings.read.values()):
        return readings
    doubles = {name: tuple(tree.named(name)) for name, file, _ in pairs if file is not None}
    several = {name: files for name, files in doubles.items() if len(files) > 1}
    return Readings(readings.read, {**readings.ambiguous, **several})


def _in_short(folders: Sequence[str]) -> str:
    if len(folders) <= FOLDERS_NAMED:
        return " and ".join(folders)
    return f"{', '.join(folders[:FOLDERS_NAMED])} and {len(folders) - FOLDERS_NAMED} more folders"


def _joined(folder: Path, root: Path, file: str) -> str:
    """Return a file of a folder as a path relative to `root`: one of the two folders is inside the other."""
    if folder == root:
        return file
    return os.path.relpath(folder / file, root)


def _below(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)


def _doubtful(table: _Table) -> list[Problem]:
    """Warn of names without suffix that fit several files."""
    rivals = table.listing.rivals([row.file for row in table.rows])
    if not rivals:
        return []
    name, files = next(iter(rivals.items()))
    text = (
        f"{len(rivals):,} names fit several files, such as {name!r} {' and '.join(files)}: {files[0]} is taken; "
        "write the suffix to say which"
    )
    return [warning("ambiguous_names", text, "names fit several files", list(rivals))]
