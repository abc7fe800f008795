"""Checks of the rows of all layouts: names and labels in UTF-8, each image once."""

from collections.abc import Sequence

from engine.datasets.formats.problems import error, warning
from engine.datasets.formats.rows import Row
from engine.problem import Problem


def readable(rows: Sequence[Row], problems: list[Problem]) -> list[Row]:
    """Return the rows whose name and label are UTF-8; report the others in `problems`."""
    bad = {row.file for row in rows if not (_is_utf8(row.file) and _is_utf8(row.label))}
    if bad:
        first = sorted(bad)[0]
        problems.append(error("not_utf8", f"name {first!r} is not UTF-8: rename it", sorted(bad)))
    return [row for row in rows if row.file not in bad] if bad else list(rows)


def _is_utf8(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def unique(rows: Sequence[Row], problems: list[Problem]) -> list[Row]:
    """Return the first row of each image; report further rows of an image in `problems`."""
    first: dict[str, Row] = {}
    again: list[Row] = [row for row in rows if first.setdefault(row.file, row) is not row]
    if not again:
        return list(rows)
    row = again[0]
    before = first[row.file].split
    where = "twice" if before == row.split else f"in {before} and in {row.split}"
    more = f" ({len(again):,} rows name an image again)" if len(again) > 1 else ""
    text = f"image {row.file!r} is listed {where}: take one of its rows out{more}"
    problems.append(error("duplicate_names", text, [each.file for each in again]))
    crossing = [each.file for each in again if first[each.file].split != each.split]
    if crossing:
        text = f"{len(crossing):,} images are in several splits, such as {crossing[0]!r}"
        problems.append(warning("in_several_splits", text, "images in several splits", crossing))
    return list(first.values())
