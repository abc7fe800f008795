"""Defaults that depend on other settings: in words, and filled in."""

from collections.abc import Mapping
from typing import Any

from engine.recipes.optimizers import DEFAULT, OPTIMIZERS, lr_defaults
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.fields import FOUND_FIELDS

DEPENDENT_DEFAULTS = {
    "lr": lr_defaults(),
    "image_size": "224; built-in data: their own",
    "augment": "flip; digits: none",
    "test_fraction": "0.2; epochs 0: 1; folds: one of them",
    **dict.fromkeys(FOUND_FIELDS, "found"),
}
"""In words, by field."""


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they were given, None left out, with the defaults that others decide."""
    optimizer = OPTIMIZERS.get(str(values.get("optimizer")), OPTIMIZERS[DEFAULT])
    has_folds = str(values.get("folds") or "0") != "0"
    all_test = {"test_fraction": 1.0} if str(values.get("epochs")) == "0" and not has_folds else {}
    given = {name: value for name, value in values.items() if value is not None}
    if isinstance(given.get("cuda_graphs"), bool):
        given["cuda_graphs"] = "auto"  # it was a switch before it had measurements
    own = BUILTIN_DEFAULTS.get(str(values.get("data")), {})
    return {"lr": optimizer.default_lr, **all_test, **own, **given}
