"""Classes of a data set, from labels in any of the usual spellings."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from engine.datasets.formats.problems import error, some, warning
from engine.problem import Problem

MAX_LABEL = 200
_WHOLE = re.compile(r"[+-]?\d{1,18}(\.0{1,18})?", re.ASCII)


def is_whole(text: str) -> bool:
    """Return True for a whole number: `3`, `03`, or `3.0`, which pandas writes in a column with empty cells."""
    return _WHOLE.fullmatch(text) is not None


def normal(label: str) -> str:
    """Normalise a label that is a whole number: `01`, `1` and `1.0` are one class."""
    return str(int(label.partition(".")[0])) if is_whole(label) else label


def is_missing(label: str) -> bool:
    return label == "" or label.lower() == "nan"


def find_classes(
    labels: Sequence[str], names: Sequence[str], class_names: Sequence[str], *, are_words: bool = False
) -> tuple[tuple[str, ...], bool, list[int | None], list[Problem]]:
    """Return the class names in order; whether they are grades; each image's class, None where its label cannot be
    used; and the problems. `labels` are normalised, `names` are the names of the images.

    Labels are grades where they are whole numbers from 0 (of which one may be missing), or words whose order
    `class_names` gives. Numbers count as words where `class_names` lists them all, and, with `are_words` (the labels
    are names of folders), where they cannot be grades."""
    counts = Counter(labels)
    good = {each: n for each, n in counts.items() if not is_missing(each) and len(each) <= MAX_LABEL}
    are_numbers = sum(n for each, n in good.items() if is_whole(each)) * 2 > sum(good.values())
    if are_numbers and (set(good) <= set(map(normal, class_names)) or (are_words and not _are_grades(good))):
        are_numbers = False
    if class_names and not are_numbers:
        numbered = {normal(name): number for number, name in enumerate(class_names)}
        classes, ordered = tuple(class_names), True
    elif are_numbers:
        top = (
            len(class_names) - 1 if class_names else _largest({int(each) for each in good if is_whole(each)})
        )
        numbered = {str(number): number for number in range(top + 1)}
        classes, ordered = tuple(class_names) or tuple(numbered), True
    else:
        classes, ordered = tuple(sorted(good, key=_by_number)), False
        numbered = {name: number for number, name in enumerate(classes)}
    found = [numbered.get(label) for label in labels]
    wrong = [row for row, number in enumerate(found) if number is None]
    problems = _problems(labels, names, wrong, are_numbers, tuple(class_names), len(classes))
    return classes, ordered, found, problems


def _are_grades(labels: Iterable[str]) -> bool:
    """Return True for whole numbers from 0, none of them out of range."""
    numbers = {int(each) if is_whole(each) else -1 for each in labels}
    return min(numbers) >= 0 and _largest(numbers) == max(numbers)


def _by_number(label: str) -> tuple[int, str]:
    """Return a sort key that puts numbers in numerical order before words in alphabetical order."""
    return (int(label), "") if is_whole(label) else (10**19, label)


def _largest(numbers: set[int]) -> int:
    """Return the last grade, -1 where there is none.

    At most one grade below it may be missing; larger numbers are out of range."""
    good = sorted(number for number in numbers if number >= 0)
    while good and good[-1] > len(good):
        good.pop()
    return good[-1] if good else -1


def _problems(
    labels: Sequence[str],
    names: Sequence[str],
    wrong: Sequence[int],
    are_numbers: bool,
    class_names: tuple[str, ...],
    classes: int,
) -> list[Problem]:
    by_kind: dict[str, list[int]] = {}
    for row in wrong:
        by_kind.setdefault(_kind(labels[row], are_numbers, class_names), []).append(row)
    problems = []
    for kind, rows in by_kind.items():
        first, label = names[rows[0]], labels[rows[0]][:40]
        largest = max((int(labels[row]) for row in rows), default=0) if kind == "label_out_of_range" else 0
        text = {
            "missing_label": f"{some(len(rows), len(labels))} have no label, the first is {first!r}: give them one",
            "long_label": f"the label of image {first!r} has over {MAX_LABEL} characters: shorten it",
            "label_slip": f"label {label!r} of image {first!r} is no number, as most labels are: fix it",
            "negative_label": f"label {label} of image {first!r} is below 0: number classes from 0, or take out "
            f"rows without a grade ({some(len(rows), len(labels))})",
            "label_out_of_range": f"label {largest} is too large for {len(class_names) or _seen(labels)} classes: "
            f"number them from 0 ({some(len(rows), len(labels))}, the first is {first!r})",
            "unknown_class": f"label {label!r} of image {first!r} is not among class_names "
            f"{', '.join(class_names)}: add it",
        }[kind]
        problems.append(error(kind, text, [names[row] for row in rows]))
    return problems


def _kind(label: str, are_numbers: bool, class_names: tuple[str, ...]) -> str:
    if is_missing(label):
        return "missing_label"
    if len(label) > MAX_LABEL:
        return "long_label"
    if are_numbers:
        if not is_whole(label):
            return "label_slip"
        return "negative_label" if int(label) < 0 else "label_out_of_range"
    return "unknown_class"


def _seen(labels: Sequence[str]) -> int:
    return len({label for label in labels if is_whole(label) and int(label) >= 0})


def missing_classes(classes: Sequence[str], counts: dict[str, Counter[int]]) -> list[Problem]:
    """Warn of classes without an image in any or in one split; `counts` has the images of each class by split."""
    problems = []
    for number, name in enumerate(classes):
        empty = [split for split, counted in counts.items() if not counted[number]]
        if len(empty) == len(counts):
            where, brief = "no images", f"no {name}"
        elif empty:
            where = f"no {' and no '.join(empty)} images"
            brief = f"no {name} in {', '.join(empty)}"
        else:
            continue
        text = f"class {name} has {where}: nothing will be known about it"
        problems.append(warning("missing_class", text, brief))
    return problems
