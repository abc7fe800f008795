"""Classes of labels that are whole numbers: from 0, from 1, or listed by the user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.datasets.formats.labels.grades import MOST_NAMED
from engine.datasets.formats.problems import error, note
from engine.problem import Problem, WayOut

STRAY_SHARE = 0.05
"""Largest share of the images whose labels lie past the others as slips; more of them are classes."""
FIRST_SHOWN = 5


@dataclass(frozen=True)
class Numbering:
    """Classes of whole numbers, and the class of each number that has one."""

    names: tuple[str, ...]
    of: Mapping[str, int]
    """Class by label."""
    problems: tuple[Problem, ...] = ()


def number_classes(counts: Mapping[int, int], class_names: Sequence[str]) -> Numbering:
    """Find the classes of labels that are counted by number; negative ones have none.

    Classes run from 0, where one without an image may lie between others, or from 1 without a gap. Numbers with other
    gaps are refused, unless so few images have those past the gap that they are slips."""
    seen = sorted(number for number in counts if number >= 0)
    if class_names:
        return _named(seen, class_names)
    kept = list(seen)
    while kept and kept[-1] > len(kept):
        kept.pop()
    past = sum(counts[number] for number in seen[len(kept) :])
    are_slips = len(kept) > 1 and past <= max(1, STRAY_SHARE * sum(counts.values()))
    if len(seen) == 1 or (past and not are_slips):
        return _listed(seen)
    if kept[:1] == [1]:
        return _from_one(len(kept))
    return _numbered(tuple(map(str, range(kept[-1] + 1 if kept else 0))), 0)


def _numbered(names: Sequence[str], first: int, *problems: Problem) -> Numbering:
    return Numbering(
        tuple(names),
        {str(number): place for place, number in enumerate(range(first, first + len(names)))},
        problems,
    )


def _named(seen: Sequence[int], names: Sequence[str]) -> Numbering:
    """Give the names to the numbers from 0, or from 1 where only so all labels have a name."""
    if not seen or seen[0] == 0 or seen[-1] != len(names):
        return _numbered(names, 0)
    text = f"labels go from 1 to {len(names)}: label 1 is {names[0]}, label {len(names)} is {names[-1]}"
    return _numbered(names, 1, note("labels_from_one", text))


def _from_one(last: int) -> Numbering:
    names = tuple(str(number) for number in range(1, last + 1))
    text = f"labels go from 1 to {last}: {last} classes with these names"
    with_zero = ",".join(["0", *names]) if last < MOST_NAMED else None
    ways = [WayOut("{} if there is a class 0 too", "class_names", with_zero)]
    return _numbered(names, 1, note("labels_from_one", text, ways=ways))


def _listed(seen: Sequence[int]) -> Numbering:
    """Take each number for a class of that name; an error where there are several, as it is a guess."""
    names = tuple(map(str, seen))
    of = {name: place for place, name in enumerate(names)}
    return Numbering(names, of, (_gaps(names),) if len(names) > 1 else ())


def _gaps(names: Sequence[str]) -> Problem:
    more = len(names) - FIRST_SHOWN
    shown = ", ".join(names[:FIRST_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
    text = f"labels {shown} have gaps, so that the classes are not clear"
    ways = [WayOut("number them from 0")]
    if len(names) <= MOST_NAMED:
        ways.insert(0, WayOut("take these for all classes with {}", "class_names", ",".join(names)))
    return error("label_gaps", text, ways=ways)
