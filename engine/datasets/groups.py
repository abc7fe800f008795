"""Images that belong together, such as both eyes of a patient: from a column, or from a pattern of names."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.datasets.formats.labels import is_missing, normal
from engine.datasets.formats.names import without_suffix
from engine.datasets.formats.problems import Problem, warning

LARGEST_SHARE = 0.05
SMALL_GROUP = 16
"""A guess that puts more images than this, and than that share, into one group is no guess at patients."""


@dataclass(frozen=True)
class Pattern:
    """Names of which `patient` says who it is."""

    words: str
    matches: re.Pattern[str]
    share: float
    """So many of all names must match."""


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
    """Which images belong together."""

    of: tuple[str, ...]
    """Each image's group; an image without one is alone in its own."""
    rule: str
    """How the groups were found, in words."""
    is_column: bool = False


def groups_by_name(files: Sequence[str]) -> Groups | None:
    """Groups by the first pattern of `PATTERNS` that enough names follow, that puts two images into a group
    at least once, and that makes no group too large for a patient."""
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
    """Groups from a table's column; a column that was guessed must look like patients, a given one need not.

    `12`, `012` and pandas' `12.0` are one patient; an image whose cell is empty or `nan` is alone."""
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
    """The rows of test images with a member of their group in train."""
    if groups is None:
        return set()
    rows = list(enumerate(zip(splits, groups, strict=True)))
    trained = {group for _, (split, group) in rows if split == "train"}
    return {row for row, (split, group) in rows if split == "test" and group in trained}


def shared_groups(
    names: Sequence[str], splits: Sequence[str], groups: Sequence[str] | None, rule: str
) -> list[Problem]:
    """The warning that groups span train and test; `rule` says how the groups were found."""
    rows = sorted(shared_rows(splits, groups))
    if not rows:
        return []
    text = (
        f"{len(rows):,} of {splits.count('test'):,} test images share a group ({rule}) with training images: "
        "their accuracy may come from knowing the group; data split --group makes a split by groups"
    )
    return [warning("shared_groups", text, "groups span the splits", [names[row] for row in rows])]
