"""Classes of a data set, from labels in any of the usual spellings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.datasets.formats.cells import is_missing, is_whole, normal
from engine.datasets.formats.labels.grades import MOST_NAMED
from engine.datasets.formats.labels.numbering import number_classes
from engine.datasets.formats.problems import error, some, warning
from engine.problem import Problem, WayOut

MAX_LABEL = 200
MOST_AS_THEY_ARE = 5
"""Most whole numbers, some below 0, that may be names of classes."""
NAMED_CLASSES, LONG_NAME = 5, 24
"""Number of classes that a line names, and the characters that it shows of a name."""


@dataclass(frozen=True)
class Classes:
    """Classes of a data set, with the class of each image."""

    names: tuple[str, ...]
    numbers: tuple[int | None, ...]
    """Class of each image; None where its label cannot be used."""
    are_numbers: bool
    """True where the labels are whole numbers and the classes rise with them."""
    problems: tuple[Problem, ...]


def find_classes(
    labels: Sequence[str], names: Sequence[str], class_names: Sequence[str], *, are_words: bool = False
) -> Classes:
    """Find the classes of images; `labels` are normalised, `names` are the names of the images.

    Whole numbers are numbered by `number_classes`; other labels are classes in the order of `class_names`, or sorted by
    name. Numbers are taken like words where `class_names` lists them all and, with `are_words` (the labels are names of
    folders), where it lists none."""
    counts = Counter(labels)
    good = {each: n for each, n in counts.items() if not is_missing(each) and len(each) <= MAX_LABEL}
    whole = {each: n for each, n in good.items() if is_whole(each)}
    are_numbers = sum(whole.values()) * 2 > sum(good.values())
    is_listed = set(good) <= set(map(normal, class_names))
    if are_numbers and not is_listed and not (are_words and (not class_names or len(whole) < len(good))):
        found = number_classes({int(each): n for each, n in whole.items()}, class_names)
        classes, numbered, more, rises = found.names, found.of, found.problems, True
    else:
        are_numbers = False
        classes = tuple(class_names) or tuple(sorted(good, key=_by_number))
        numbered = {normal(name): number for number, name in enumerate(classes)}
        more, rises = (), rise(classes)
    found_numbers = tuple(numbered.get(label) for label in labels)
    wrong = [row for row, number in enumerate(found_numbers) if number is None]
    problems = _problems(labels, names, wrong, are_numbers, tuple(class_names))
    return Classes(classes, found_numbers, rises, (*problems, *more))


def rise(names: Sequence[str]) -> bool:
    """Return True for whole numbers in rising order."""
    if not names or not all(map(is_whole, names)):
        return False
    numbers = [int(normal(name)) for name in names]
    return numbers == sorted(numbers)


def _by_number(label: str) -> tuple[int, str]:
    """Return a sort key that puts numbers in numerical order before words in alphabetical order."""
    return (int(label), "") if is_whole(label) else (10**19, label)


def _problems(
    labels: Sequence[str],
    names: Sequence[str],
    wrong: Sequence[int],
    are_numbers: bool,
    class_names: tuple[str, ...],
) -> list[Problem]:
    by_kind: dict[str, list[int]] = {}
    for row in wrong:
        by_kind.setdefault(_kind(labels[row], are_numbers, class_names), []).append(row)
    problems = []
    for kind, rows in by_kind.items():
        first, label = names[rows[0]], labels[rows[0]][:40]
        largest = max((int(labels[row]) for row in rows), default=0) if kind == "label_out_of_range" else 0
        text = {
            "missing_label": f"{some(len(rows), len(labels))} have no label, the first is {first!r}: give them one, "
            "or take their rows out",
            "long_label": f"the label of image {first!r} has over {MAX_LABEL} characters: shorten it",
            "label_slip": f"label {label!r} of image {first!r} is no number, as most labels are: fix it",
            "negative_label": f"label {label} of image {first!r} is below 0 ({some(len(rows), len(labels))})",
            "label_out_of_range": f"label {largest} is too large for {len(class_names) or _seen(labels)} classes: "
            f"number them from 0 ({some(len(rows), len(labels))}, the first is {first!r})",
            "unknown_class": f"label {label!r} of image {first!r} is not among class_names "
            f"{', '.join(class_names)}: add it",
        }[kind]
        ways = _listing_all(labels) if kind == "label_out_of_range" and not class_names else []
        ways = _below_0(labels) if kind == "negative_label" else ways
        problems.append(error(kind, text, [names[row] for row in rows], ways))
    return problems


def _listing_all(labels: Sequence[str]) -> list[WayOut]:
    """Advise to list all numbers as classes; nothing where there are too many to be written out."""
    seen = sorted({int(label) for label in labels if is_whole(label) and int(label) >= 0})
    listed = ",".join(map(str, seen))
    return [WayOut("{} if it is a class", "class_names", listed)] if len(seen) <= MOST_NAMED else []


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


def _below_0(labels: Sequence[str]) -> list[WayOut]:
    """Advise on numbers below 0; few of them, such as -1 and 1, may all be names of classes."""
    numbers = sorted({int(label) for label in labels if is_whole(label)})
    ways = [WayOut("number classes from 0"), WayOut("take out rows without a grade")]
    if len(numbers) <= MOST_AS_THEY_ARE:
        ways.append(WayOut("take them all as classes with {}", "class_names", ",".join(map(str, numbers))))
    return ways


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


def classes_in_words(names: Sequence[str], counts: Sequence[int]) -> str:
    """List the first classes with their images: `cat 120, dog 98 and 100 more`."""
    counted = list(zip(names, counts, strict=True))
    shown = counted if len(counted) <= NAMED_CLASSES + 1 else counted[:NAMED_CLASSES]
    more = len(counted) - len(shown)
    return ", ".join(f"{_short(name)} {count:,}" for name, count in shown) + (
        f" and {more:,} more" if more else ""
    )


def _short(name: str) -> str:
    return name if len(name) <= LONG_NAME else name[: LONG_NAME - 1] + "…"
