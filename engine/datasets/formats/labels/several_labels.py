"""Cells with several labels, such as `Cardiomegaly|Effusion`: a run learns one label for each image."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from engine.datasets.formats.problems import TAKE_OUT, error, some, warning
from engine.datasets.formats.rows import Row
from engine.problem import Problem, WayOut

_LIST = re.compile(r"\[([^\[\]]*)\]")


def plain_label(cell: str) -> str:
    """Return the label in a cell: without the brackets of a list as Python writes it, several with bars between."""
    found = _LIST.fullmatch(cell)
    if found is None:
        return cell
    labels = [each.strip().strip("'\"") for each in found[1].split(",")]
    return "|".join(label for label in labels if label)


def with_one_label(rows: Sequence[Row], class_names: Collection[str]) -> tuple[list[Row], list[Problem]]:
    """Return the rows with one label, and the problems that report the others.

    Labels that the user lists in `class_names` are classes, whatever they look like."""
    labels = {row.label for row in rows} - set(class_names)
    several, doubtful = _combinations(labels)
    problems = _doubtful(rows, doubtful)
    left_out = [row for row in rows if row.label in several]
    if not left_out:
        return list(rows), problems
    first = left_out[0]
    text = f"{some(len(left_out), len(rows))} have several labels, the first is {first.file!r} with {first.label!r}"
    names = [row.file for row in left_out]
    listed = WayOut("list the combinations that are classes with {}", "class_names")
    if len(left_out) * 2 > len(rows):
        ways = [WayOut("write one label for each"), listed]
        return list(rows), [*problems, error("several_labels", text, names, ways)]
    kept = [row for row in rows if row.label not in several]
    text += ", and are left out, for a run learns one label for each image"
    ways = [WayOut("write one label for each"), TAKE_OUT, listed]
    return kept, [
        *problems,
        warning("several_labels", text, "images with several labels left out", names, ways),
    ]


def _combinations(labels: Collection[str]) -> tuple[set[str], set[str]]:
    """Return the labels that are several, for their parts are labels too, and those that may be.

    Between bars it is enough that a part occurs in two combinations; between semicolons and commas all parts must be
    labels of their own. Where one is, and between other signs and words, a name may look the same: `red car`."""
    several: set[str] = set()
    doubtful: set[str] = set()
    for sign in "|;,+/& ":
        parts = {label: [part.strip() for part in label.split(sign)] for label in labels if sign in label}
        whole = {label: each for label, each in parts.items() if all(each)}
        single = set(labels) - set(whole)
        times = Counter(part for each in whole.values() for part in set(each))
        if sign == "|" and any(part in single or count > 1 for part, count in times.items()):
            several |= set(whole)
        alike = {label for label, each in whole.items() if all(part in single for part in each)}
        if sign in ";,":
            several |= alike
            doubtful |= {label for label, each in whole.items() if any(part in single for part in each)}
        else:
            doubtful |= alike
    return several, doubtful - several


def _doubtful(rows: Sequence[Row], labels: Collection[str]) -> list[Problem]:
    """Warn of classes that may be several labels."""
    found = [row for row in rows if row.label in labels]
    if not found:
        return []
    text = f"{some(len(found), len(rows))} have a label that may be several, the first is {found[0].file!r} with "
    ways = [WayOut("take their rows out if they are"), WayOut("list all classes with {}", "class_names")]
    names = [row.file for row in found]
    said = f"{text}{found[0].label!r}, and it is a class here"
    return [warning("maybe_several_labels", said, "classes that may be several labels", names, ways)]
