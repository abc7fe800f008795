"""Built-in data sets, and how many train images a run evaluates. Imports nothing: the app's start needs it."""

from typing import Any

# Defaults of each built-in set: image size in pixels and augmentation.
BUILTIN_DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {"image_size": 32, "augment": "none"},
    "fundus": {"image_size": 48, "augment": "flip"},
    "fundus-balanced": {"image_size": 48, "augment": "flip"},
}

EVALUATED_TRAIN_IMAGES = 1000
"""Train images that a run without `eval_train` evaluates after its last epoch: enough for an accuracy to ± 3 points."""
