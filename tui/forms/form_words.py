"""Labels of the form's fields and wording of its problems: which field shows one, and how a setting is typed."""

from collections.abc import Iterable

from engine.problem import Problem
from engine.spec.run_spec import FIELDS
from tui.formatting import learning_rate

PRESET, MORE, ARCH = "preset", "more", "arch"
# Field, label, hint while there is no problem.
INPUTS = (
    ("data", "data", ""),
    (ARCH, "arch", "several: 18,50; or FILE.py:FUNCTION"),
    (PRESET, "preset", "lab, seed: the course's; medmnist"),
    ("pretrained", "pretrained", "none, imagenet, a file, run:ID"),
    ("lr", "lr", "several: 1e-3, 1e-4"),
    ("epochs", "epochs", ""),
    ("batch_size", "batch", ""),
    ("image_size", "image size", "pixels"),
    ("seed", "seed", "several, one group: 0-4, or 1,7,9"),
    (MORE, "more", "any other: folds=5 loss=ce,ce-sqrt"),
    ("name", "name", "free text"),
)
LABELS = {name: label for name, label, _ in INPUTS}
OWN = ("data", ARCH, "pretrained", "lr", "epochs", "batch_size", "image_size", "seed")
"""Settings with a field of their own."""
OTHERS = tuple(name for name in FIELDS if name not in OWN)
"""Settings that are written as name=value in the field `more`."""


def typed(value: object) -> str:
    """Format a value as it is typed into a field."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return str(value)
    short = learning_rate(value)
    return short if float(short) == value else repr(value)


def form_setting(field: str, value: object) -> str:
    """Format a setting as it is typed into the form: `val_fraction=0.1 in more`, `pretrained imagenet`."""
    if field in OTHERS:
        return f"{field} in more" if value is None else f"{field}={typed(value)} in more"
    return LABELS[field] if value is None else f"{LABELS[field]} {typed(value)}"


def beside_fields(problems: Iterable[Problem]) -> dict[str, str]:
    """Group all problems by the form's field that shows them; "" has those about several fields together."""
    texts: dict[str, dict[str, None]] = {}
    for problem in problems:
        text = problem.said(form_setting)
        if problem.field in OTHERS:
            texts.setdefault(MORE, {})[f"{problem.field}: {text}"] = None
        else:
            texts.setdefault(problem.field, {})[text] = None
    return {field: "; ".join(each) for field, each in texts.items()}
