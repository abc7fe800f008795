"""Layout of a recognised data set: images with labels, splits and groups, and their problems."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.grades import LabelSource
from engine.datasets.formats.image_folders import choose_folders
from engine.datasets.formats.missing_files import RowsWithoutFile
from engine.datasets.formats.names import Listing, Places, is_inside
from engine.datasets.formats.problems import note, warning
from engine.datasets.formats.rows import Row
from engine.problem import Problem


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


@dataclass(frozen=True)
class Placed:
    """Rows of some tables after the search for their files."""

    root: Path
    inside: str
    """Folder of the images in words, such as `, images in train`; empty where they lie beside the tables."""
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def place(tables: Sequence[Sequence[Row]], places: Places, *, on_bad: str) -> Placed:
    """Find the image files of some tables: all in one folder, or those of each table in its own.

    Rows without a file keep their names and are marked as missing; the problem that reports them is an error unless
    `on_bad` is `skip`. Rows without a name, and those whose names lead out of the folder, are left out."""
    listings, problems = choose_folders(tables, places)
    roots = list(dict.fromkeys(listing.root for listing in listings))
    root = roots[0] if len(roots) == 1 else places.folder
    folders = [_below(each, places.folder) for each in roots]
    where = str(root) if len(roots) == 1 else " and ".join(map(str, roots))
    rows: list[Row] = []
    doubtful: list[Problem] = []
    for table, listing in zip(tables, listings, strict=True):
        prefix = "" if listing.root == root else f"{_below(listing.root, root)}/"
        rows += [_found(row, listing, prefix) for row in table if is_inside(row.file)]
        doubtful += _doubtful(listing, [row.file for row in table])
    named = [row.file for table in tables for row in table]
    without_file = RowsWithoutFile(
        nameless=named.count(""),
        outside=[name for name in named if name and not is_inside(name)],
        missing=[row.file for row in rows if row.is_missing],
        total=len(named),
        where=where,
        unreadable=places.unreadable,
    )
    problems = [*without_file.problems(on_bad), *doubtful, *problems]
    used = [_shortened(rows, listing, root) for listing in listings]
    unused = {file for each, listing in zip(used, listings, strict=True) for file in listing.unused(each)}
    if unused:
        text = f"{len(unused):,} image files in {where} have no label and are not used"
        problems.append(note("extra_files", text, sorted(unused)))
    inside = "" if folders == ["."] else f", images in {' and '.join(folders)}"
    return Placed(root, inside, tuple(rows), tuple(problems))


def _found(row: Row, listing: Listing, prefix: str) -> Row:
    file = listing.find(row.file)
    name = posixpath.normpath(row.file) if file is None else file
    return Row(prefix + name, row.label, row.split, row.group, file is None)


def _below(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)


def _shortened(rows: Sequence[Row], listing: Listing, root: Path) -> set[str]:
    """Return the rows' files that are in the listing, relative to its folder."""
    if listing.root == root:
        return {row.file for row in rows}
    prefix = f"{_below(listing.root, root)}/"
    return {row.file.removeprefix(prefix) for row in rows if row.file.startswith(prefix)}


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
