"""Names of built-in data and pretrained weights. Imports nothing, because the app's start needs it."""

from typing import Any

# Defaults of each built-in set: image size in pixels and augmentation.
BUILTIN_DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {"image_size": 32, "augment": "none"},
    "fundus": {"image_size": 48, "augment": "flip"},
    "fundus-balanced": {"image_size": 48, "augment": "flip"},
}
RUN_PREFIX = "run:"
PRETRAINED_WORDS = ("none", "imagenet", "imagenet-v1", "imagenet-v2")
"""Values of `pretrained` other than a file and run:ID."""
