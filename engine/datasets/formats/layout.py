"""What a recognised data set is: its images with labels, splits and groups, and what is wrong with it."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.image_folders import choose_folders
from engine.datasets.formats.missing_files import Lacking
from engine.datasets.formats.names import Listing, Places, is_inside
from engine.datasets.formats.problems import note, warning
from engine.datasets.formats.rows import Row
from engine.problem import Problem


@dataclass(frozen=True)
class Layout:
    """What was recognised. Rows that name no image are not among these, but among the problems."""

    kind: str
    """In words: `lab CSVs, images in train`."""
    why: str
    """What it was recognised by."""
    root: Path
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    group_column: str = ""
    """The column that the rows' groups come from."""
    has_names: bool = False
    """Are labels the names of folders?"""


@dataclass(frozen=True)
class Placed:
    """Rows whose names were looked for as files."""

    root: Path
    inside: str
    """`, images in train`: where they were found, unless beside the tables."""
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def place(tables: Sequence[Sequence[Row]], places: Places, *, on_bad: str) -> Placed:
    """Find the files that the names of some tables mean: all in one folder, or each table's in its own.

    Rows without a file keep their names and are marked as missing; a problem says so, an error unless `on_bad` is
    `skip`. Rows whose names lead out of the folder, or are none, are left out."""
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
    lacking = Lacking(
        nameless=named.count(""),
        outside=[name for name in named if name and not is_inside(name)],
        missing=[row.file for row in rows if row.is_missing],
        total=len(named),
        where=where,
        unreadable=places.unreadable,
    )
    problems = [*lacking.problems(on_bad), *doubtful, *problems]
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
    """The rows' files as the listing calls them."""
    if listing.root == root:
        return {row.file for row in rows}
    prefix = f"{_below(listing.root, root)}/"
    return {row.file.removeprefix(prefix) for row in rows if row.file.startswith(prefix)}


def _doubtful(listing: Listing, names: Sequence[str]) -> list[Problem]:
    """Names without suffix that fit several files."""
    rivals = listing.rivals(names)
    if not rivals:
        return []
    name, files = next(iter(rivals.items()))
    text = (
        f"{len(rivals):,} names fit several files, such as {name!r} {' and '.join(files)}: {files[0]} is taken; "
        "write the suffix to say which"
    )
    return [warning("ambiguous_names", text, "names fit several files", list(rivals))]
