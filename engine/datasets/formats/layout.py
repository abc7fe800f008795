"""Layout of a recognised data set: images with labels, splits and groups, and their problems."""

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.datasets.formats.labels.grades import LabelSource
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
class Layout:
    """Recognised layout. Rows that name no image are among the problems, not among the rows."""

    kind: str
    """Kind in words, such as `lab CSVs, images in train`."""
    why: str
    """Evidence that it was recognised by, in words."""
    root: Path
    """Folder that the rows' files are relative to."""
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    group_column: str = ""
    """Column that the rows' groups come from."""
    has_names: bool = False
    """True where labels are the names of folders."""
    label_source: LabelSource = LabelSource()

    def with_problems(self, problems: Sequence[Problem]) -> "Layout":
        """Return the layout with more problems."""
        return replace(self, problems=(*self.problems, *problems))


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


def place(tables: Sequence[Sequence[Row]], places: Places, *, on_bad: str) -> Placed:
    """Find the image files of some tables: all in one folder, those of each table in its own, or each name in any.

    Names that are not in the chosen folder are looked up in all folders, and as other programs write them (see
    `name_tree`). Rows without a file keep their names and are marked as missing; the problem that reports them is an
    error unless `on_bad` is `skip`. Rows without a name, and those whose names lead out of the folder, are left out."""
    listings, problems = choose_folders(tables, places)
    chosen = [
        _Table(rows, listing, [listing.find(row.file) if row.file else None for row in rows])
        for rows, listing in zip(tables, listings, strict=True)
    ]
    tree = places.tree
    readings = _readings(chosen, tree)
    folders = list(
        dict.fromkeys(table.listing.root for table in chosen if any(table.files) or not readings.read)
    )
    root = _root(folders, readings, tree.root)
    rows = [row for table in chosen for row in _found(table, readings, tree.root, root)]
    where = " and ".join(map(str, folders or [tree.root]))
    names = [row.file for table in tables for row in table if row.file]
    lost = [
        row.file
        for row, name in zip(rows, names, strict=True)
        if row.is_missing and name not in readings.ambiguous
    ]
    without_file = RowsWithoutFile(
        nameless=sum(not row.file for table in tables for row in table),
        outside=[name for name in lost if not is_inside(name)],
        missing=[name for name in lost if is_inside(name)],
        total=sum(map(len, tables)),
        where=where,
        unreadable=places.unreadable,
        there=next(iter(tree.files), "") if lost else "",
    )
    named = [_below(each, places.folder) for each in _image_folders(folders, readings, tree.root)]
    doubtful = [
        problem for table in chosen for problem in _doubtful(table.listing, [row.file for row in table.rows])
    ]
    return Placed(
        root,
        "" if named == ["."] else f", images in {_in_short(named)}",
        tuple(row for row in rows if is_inside(row.file)),
        (
            *without_file.problems(on_bad),
            *doubtful,
            *reading_problems(readings, without_file.total),
            *([] if readings.read else problems),
            *_unlabelled(rows, chosen, readings, tree, root, where),
        ),
    )


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


def _root(folders: Sequence[Path], readings: Readings, base: Path) -> Path:
    """Return the only folder of all images, else the one that holds all folders of images."""
    if len(folders) == 1 and all(
        (base / each.file).is_relative_to(folders[0]) for each in readings.read.values()
    ):
        return folders[0]
    return base


def _found(table: _Table, readings: Readings, base: Path, root: Path) -> list[Row]:
    """Return a table's rows with their files relative to `root`; rows without a name are left out."""
    rows = []
    for row, file in zip(table.rows, table.files, strict=True):
        if not row.file:
            continue
        is_missing = False
        if row.file in readings.ambiguous or (file is None and row.file not in readings.read):
            name, is_missing = posixpath.normpath(row.file) if is_inside(row.file) else row.file, True
            name = _joined(table.listing.root, root, name) if is_inside(name) else name
        elif file is not None:
            name = _joined(table.listing.root, root, file)
        else:
            name = _joined(base, root, readings.read[row.file].file)
        rows.append(Row(name, row.label, row.split, row.group, is_missing))
    return rows


def _image_folders(folders: Sequence[Path], readings: Readings, base: Path) -> list[Path]:
    """Return the folders of the images; first those that were chosen, then those of names found elsewhere."""
    others = [
        (base / each.file).parent for each in readings.read.values() if each.how in ("folder", "number")
    ]
    return list(dict.fromkeys([*folders, *others])) or [base]


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


def _unlabelled(
    rows: Sequence[Row],
    tables: Sequence[_Table],
    readings: Readings,
    tree: NameTree,
    root: Path,
    where: str,
) -> list[Problem]:
    """Note the image files that have no label and lie in the folder of one that has."""
    used = {row.file for row in rows if not row.is_missing}
    beside = {
        _joined(table.listing.root, root, file)
        for table in tables
        for file in table.listing.unused({file for file in table.files if file})
    }
    if readings.read:
        folders = {each.file.rpartition("/")[0] for each in readings.read.values()}
        files = [file for file in tree.files if file.rpartition("/")[0] in folders]
        beside |= {_joined(tree.root, root, file) for file in files}
    unused = sorted(beside - used)
    if not unused:
        return []
    text = f"{len(unused):,} image files in {where} have no label and are not used"
    return [note("extra_files", text, unused)]


def _doubtful(listing: Listing, names: Sequence[str]) -> list[Problem]:
    """Warn of names without suffix that fit several files."""
    rivals = listing.rivals(names)
    if not rivals:
        return []
    name, files = next(iter(rivals.items()))
    text = (
        f"{len(rivals):,} names fit several files, such as {name!r} {' and '.join(files)}: {files[0]} is taken; "
        "write the suffix to say which"
    )
    return [warning("ambiguous_names", text, "names fit several files", list(rivals))]
