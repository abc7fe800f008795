"""What a recognised data set is: its images with labels, splits and groups, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.datasets.formats.names import Listing, Places, is_inside
from engine.datasets.formats.problems import Problem, error, note, some, warning


class Row(NamedTuple):
    """One image as the data set names it."""

    file: str
    """Its path below the layout's root, with suffix."""
    label: str
    split: str | None
    group: str | None = None


@dataclass(frozen=True)
class Layout:
    """What was recognised. Images that cannot be used are not among the rows, but among the problems."""

    kind: str
    """In words: `lab CSVs, images in train`."""
    why: str
    """What it was recognised by."""
    root: Path
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    group_column: str = ""
    """The column that the rows' groups come from."""


@dataclass(frozen=True)
class Placed:
    """Rows whose names were found as files."""

    root: Path
    inside: str
    """`, images in train`: where they were found, unless beside the tables."""
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def place(tables: Sequence[Sequence[Row]], places: Places, *, on_bad: str) -> Placed:
    """Find the files that the names of some tables mean: all in one folder, or each table's in its own.

    Rows without a file are left out, or kept where `on_bad` is `skip`: packing lists and skips them."""
    listings, rivals = _listings(tables, places)
    roots = list(dict.fromkeys(listing.root for listing in listings))
    root = roots[0] if len(roots) == 1 else places.folder
    folders = [_below(each, places.folder) for each in roots]
    where = str(root) if len(roots) == 1 else " and ".join(map(str, roots))
    rows: list[Row] = []
    outside: list[str] = []
    missing: list[str] = []
    problems: list[Problem] = []
    for table, listing in zip(tables, listings, strict=True):
        prefix = "" if listing.root == root else f"{_below(listing.root, root)}/"
        for row in table:
            if not is_inside(row.file):
                outside.append(row.file)
                continue
            file = listing.find(row.file)
            if file is None:
                missing.append(row.file)
            if file is not None or on_bad == "skip":
                rows.append(Row(prefix + (file or row.file), row.label, row.split, row.group))
        problems += _doubtful(listing, [row.file for row in table])
    total = sum(map(len, tables))
    problems = [
        *_unfound(outside, missing, total, where, on_bad),
        *problems,
        *_rivals(rivals, listings[0], total),
    ]
    used = [_shortened(rows, listing, root) for listing in listings]
    unused = {file for each, listing in zip(used, listings, strict=True) for file in listing.unused(each)}
    if unused:
        text = f"{len(unused):,} image files in {where} have no label and are not used"
        problems.append(note("extra_files", text, sorted(unused)))
    inside = "" if folders == ["."] else f", images in {' and '.join(folders)}"
    return Placed(root, inside, tuple(rows), tuple(problems))


def _listings(tables: Sequence[Sequence[Row]], places: Places) -> tuple[list[Listing], list[Listing]]:
    """Each table's folder, and others where as many names of the tables are files."""
    names = [[row.file for row in table] for table in tables]
    every = [name for table in names for name in table]
    together, rivals = places.best(every)
    apart = [places.best(table)[0] for table in names]
    found = sum(listing.count(table) for listing, table in zip(apart, names, strict=True))
    if len(tables) > 1 and found > together.count(every):
        return apart, []
    return [together] * len(tables), rivals


def _below(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)


def _shortened(rows: Sequence[Row], listing: Listing, root: Path) -> set[str]:
    """The rows' files as the listing calls them."""
    if listing.root == root:
        return {row.file for row in rows}
    prefix = f"{_below(listing.root, root)}/"
    return {row.file.removeprefix(prefix) for row in rows if row.file.startswith(prefix)}


def _unfound(outside: list[str], missing: list[str], total: int, where: str, on_bad: str) -> list[Problem]:
    problems = []
    if outside:
        first = f"image name {outside[0]!r} leads out of the image folder: use names below it"
        more = f" ({some(len(outside), total)})" if len(outside) > 1 else ""
        problems.append(error("outside_names", first + more, outside))
    if missing:
        text = f"{some(len(missing), total)} are not in {where}, the first is {missing[0]!r}"
        if on_bad == "skip":
            problems.append(warning("missing_files", f"{text}: skipped", "missing images, skipped", missing))
        else:
            advice = "put them there, take their rows out, or skip them with --on-bad skip"
            problems.append(error("missing_files", f"{text}: {advice}", missing))
    return problems


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


def _rivals(rivals: Sequence[Listing], taken: Listing, total: int) -> list[Problem]:
    if not rivals:
        return []
    folders = ", ".join(str(listing.root) for listing in rivals)
    text = (
        f"as many of the {total:,} names are files in {folders} as in {taken.root}, which is taken: "
        "choose with --images"
    )
    return [warning("several_folders", text, "images in several folders")]
