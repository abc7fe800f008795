"""Cells with several labels, such as `Cardiomegaly|Effusion`: a run learns one label for each image."""

from collections import Counter
from collections.abc import Collection, Sequence

from engine.datasets.formats.problems import TAKE_OUT, error, some, warning
from engine.datasets.formats.rows import Row
from engine.problem import Problem, WayOut


def with_one_label(rows: Sequence[Row], class_names: Collection[str]) -> tuple[list[Row], list[Problem]]:
    """Return the rows with one label, and the problem that reports the others.

    Labels that the user lists in `class_names` are classes, whatever they look like."""
    labels = {row.label for row in rows} - set(class_names)
    several = _combinations(labels)
    left_out = [row for row in rows if row.label in several]
    if not left_out:
        return list(rows), []
    first = left_out[0]
    text = f"{some(len(left_out), len(rows))} have several labels, the first is {first.file!r} with {first.label!r}"
    names = [row.file for row in left_out]
    listed = WayOut("list the combinations that are classes with {}", "class_names")
    if len(left_out) * 2 > len(rows):
        return list(rows), [
            error("several_labels", text, names, [WayOut("write one label for each"), listed])
        ]
    kept = [row for row in rows if row.label not in several]
    text += ", and are left out, for a run learns one label for each image"
    ways = [WayOut("write one label for each"), TAKE_OUT, listed]
    return kept, [warning("several_labels", text, "images with several labels left out", names, ways)]


def _combinations(labels: Collection[str]) -> set[str]:
    """Return the labels that are several, for their parts are labels too.

    Between bars it is enough that a part occurs in two combinations. Other signs stand in names as well: between commas
    and semicolons one part must be a label of its own, between words all."""
    found: set[str] = set()
    for sign in "|;,+/& ":
        parts = {label: [part.strip() for part in label.split(sign)] for label in labels if sign in label}
        whole = {label: each for label, each in parts.items() if all(each)}
        single = set(labels) - set(whole)
        times = Counter(part for each in whole.values() for part in set(each))
        if sign == "|" and any(part in single or count > 1 for part, count in times.items()):
            found |= set(whole)
        needed = any if sign in ";," else all
        found |= {label for label, each in whole.items() if needed(part in single for part in each)}
    return found
