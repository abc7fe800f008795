"""Checks of the classes of splits that the data have themselves: test images of classes that are not trained."""

from collections import Counter
from collections.abc import Mapping, Sequence

from engine.datasets.formats.names.folder_names import near_names
from engine.datasets.formats.problems import error, warning
from engine.problem import Problem, WayOut

_NAMED = 5


def untrained_classes(classes: Sequence[str], counts: Mapping[str, Counter[int]]) -> list[Problem]:
    """Return an error for each of test and val that has images, none of them of a class of the train images.

    `counts` has the images of each class by split."""
    trained = _present(classes, counts.get("train", Counter()))
    problems = []
    for split in ("test", "val"):
        asked = _present(classes, counts.get(split, Counter()))
        if not trained or not asked or set(trained) & set(asked):
            continue
        text = (
            f"no class of the {split} images is a class of the train images, so that every prediction would be wrong: "
            f"train has {_listed(trained)}, {split} has {_listed(asked)}{_near(trained, asked)}"
        )
        ways = [WayOut("name the same classes alike in both")]
        problems.append(error("untrained_classes", text, asked, ways))
    return problems


def near_classes(classes: Sequence[str]) -> list[Problem]:
    """Warn of classes whose names differ by case, blanks, hyphens or underscores alone."""
    pairs = near_names(classes)
    if not pairs:
        return []
    said = ", ".join(f"{first!r} and {second!r}" for first, second in pairs[:_NAMED])
    text = f"classes {said} differ by case, blanks or the like alone, and count as different classes"
    names = [name for pair in pairs for name in pair]
    return [
        warning("near_classes", text, "classes with nearly one name", names, [WayOut("give them one name")])
    ]


def _present(classes: Sequence[str], counted: Counter[int]) -> list[str]:
    return [name for number, name in enumerate(classes) if counted[number]]


def _near(trained: Sequence[str], asked: Sequence[str]) -> str:
    pairs = near_names({*trained, *asked})
    said = ", ".join(f"{first} and {second}" for first, second in pairs[:_NAMED])
    return f" ({said} differ by case, blanks or the like alone)" if pairs else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")
