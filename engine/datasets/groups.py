"""Groups of images that belong together, such as both eyes of a patient, from a column or a pattern of names."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.datasets.formats.cells import is_missing, normal
from engine.datasets.formats.names.image_names import without_suffix
from engine.datasets.formats.problems import warning
from engine.problem import Problem, WayOut

LARGEST_SHARE = 0.05
SMALL_GROUP = 16
"""Guessed groups are rejected where one holds more images than both this number and that share of all images."""


@dataclass(frozen=True)
class Pattern:
    """Pattern of image names that contain the patient, as the regex group `patient`."""

    words: str
    matches: re.Pattern[str]
    share: float
    """Least share of all names that must match."""


def _pattern(words: str, expression: str, share: float) -> Pattern:
    return Pattern(f"names {words}", re.compile(expression, re.IGNORECASE), share)


_NUMBER = r"(?:[_ -]?\d{1,2})?"
PATTERNS = (
    _pattern("<patient>_left and _right", rf"(?P<patient>.+?)[_ .-]?(?P<side>left|right){_NUMBER}", 0.5),
    _pattern("<patient>_OD and _OS", rf"(?P<patient>.*\d)[_ .-]?(?P<side>od|os){_NUMBER}", 0.9),
    _pattern("<patient>_l and _r", r"(?P<patient>.+)[_ .-](?P<side>[lr])\d{0,2}", 0.9),
    _pattern(
        "p<patient>_ at their start",
        r"(?P<patient>(?:p|pt|pat|patient|sub|subj|subject)[_-]?\d+)(?P<side>)[_ .-].+",
        0.9,
    ),
)


@dataclass(frozen=True)
class Groups:
    """Group of each image, and the rule that the groups come from."""

    of: tuple[str, ...]
    """Group of each image; an image without a group is alone in its own."""
    rule: str
    """Rule in words: the name of a column, or a pattern of names."""
    is_column: bool = False


def groups_by_name(files: Sequence[str]) -> Groups | None:
    """Group images by the first pattern of `PATTERNS` that fits their names; None where none fits.

    A pattern fits where enough names match it, at least one group has two images, and no group is too large
    for a patient."""
    stems = [without_suffix(file.rpartition("/")[2]) for file in files]
    for pattern in PATTERNS:
        matches = [pattern.matches.fullmatch(stem) for stem in stems]
        sides = {match["side"].lower() for match in matches if match}
        if sum(match is not None for match in matches) < max(1, pattern.share * len(files)) or (
            len(sides) < 2 and sides != {""}
        ):
            continue
        groups = tuple(
            match["patient"] if match else stem for match, stem in zip(matches, stems, strict=True)
        )
        if _is_plausible(groups):
            return Groups(groups, pattern.words)
    return None


def groups_by_column(
    cells: Sequence[str | None], files: Sequence[str], column: str, *, given: bool
) -> Groups | None:
    """Group images by a table's column; None where the column was guessed and does not look like patients.

    A column that the user named (`given`) is taken as it is. `12`, `012` and pandas' `12.0` are one patient; an
    image whose cell is empty or `nan` is alone in its group."""
    groups = tuple(
        f"image {without_suffix(file)}" if cell is None or is_missing(cell) else normal(cell)
        for cell, file in zip(cells, files, strict=True)
    )
    return Groups(groups, column, is_column=True) if given or _is_plausible(groups) else None


def _is_plausible(groups: Sequence[str]) -> bool:
    if not groups:
        return False
    largest = max(Counter(groups).values())
    return 2 <= largest <= max(SMALL_GROUP, LARGEST_SHARE * len(groups))


def shared_rows(splits: Sequence[str], groups: Sequence[str] | None) -> set[int]:
    """Return the rows of test images whose group has images in train."""
    if groups is None:
        return set()
    rows = list(enumerate(zip(splits, groups, strict=True)))
    trained = {group for _, (split, group) in rows if split == "train"}
    return {row for row, (split, group) in rows if split == "test" and group in trained}


def shared_groups(
    names: Sequence[str], splits: Sequence[str], groups: Sequence[str] | None, rule: str
) -> list[Problem]:
    """Warn that groups span train and test; an empty list where none does. `rule` says how the groups were found."""
    rows = sorted(shared_rows(splits, groups))
    if not rows:
        return []
    text = (
        f"{len(rows):,} of {splits.count('test'):,} test images share a group ({rule}) with training images, and "
        "their accuracy may come from knowing the group"
    )
    ways = [WayOut("make a split by groups with resnet-tui data split")]
    return [warning("shared_groups", text, "groups span the splits", [names[row] for row in rows], ways)]
