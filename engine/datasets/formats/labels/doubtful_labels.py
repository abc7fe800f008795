"""Labels that may stand for no label at all, such as `NA` or `-1`."""

from collections.abc import Sequence

from engine.datasets.formats.problems import some, warning
from engine.problem import Problem, WayOut

NO_LABELS = (
    "?", "-", "-1", "na", "n/a", "#n/a", "null", "none", "nil", "unlabeled", "unlabelled", "unknown", "missing",
)  # fmt: skip
"""Words that programs and people write where a label is missing; in lower case."""
GRADED = ("mild", "moderate", "severe", "low", "medium", "high", "minimal")
"""Classes beside which `none` is the lowest grade."""


def doubtful_labels(
    class_names: Sequence[str], labels: Sequence[str], images: Sequence[str]
) -> list[Problem]:
    """Warn of classes whose name says that the label is missing."""
    names = {name.lower() for name in class_names}
    doubtful = {name for name in class_names if name.lower() in NO_LABELS}
    if not names.isdisjoint(GRADED):
        doubtful = {name for name in doubtful if name.lower() != "none"}
    found = [(label, image) for label, image in zip(labels, images, strict=True) if label in doubtful]
    if not found:
        return []
    label, image = found[0]
    text = f"{some(len(found), len(labels))} have the label {label!r}, the first is {image!r}, and it is a class here"
    ways = [WayOut("take their rows out if it means that nobody labelled them")]
    return [
        warning(
            "doubtful_label", text, f"class {label} may mean no label", [image for _, image in found], ways
        )
    ]
