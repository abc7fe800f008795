"""Built-in data sets. Imports nothing: the app's start needs it."""

from typing import Any

# Defaults of each built-in set: image size in pixels and augmentation.
BUILTIN_DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {"image_size": 32, "augment": "none"},
    "fundus": {"image_size": 48, "augment": "flip"},
    "fundus-balanced": {"image_size": 48, "augment": "flip"},
}
