"""Declaration of a spec's field, and checks of text that several fields share."""

from collections.abc import Collection
from typing import Any

from pydantic import Field

FOUND_FIELDS = ("images", "image_column", "label_column", "split_column", "group_column", "class_names")
"""Settings of data whose files and tables have to be found."""


def setting(
    default: Any,
    description: str,
    group: str,
    *,
    grid: bool = False,
    words: Collection[str] = (),
    **limits: Any,
) -> Any:
    """Return a field of a spec. `group` is the heading under which help and forms show it; a `grid` field takes lists;
    `words`, such as the names in a registry, are offered where the field may be more than those."""
    extra: dict[str, Any] = {"group": group, "grid": grid, "words": words}
    return Field(default, description=description, json_schema_extra=extra, **limits)


def checked_text(value: str) -> str:
    """Return the text without space around it. Raises ValueError for what no file or column can be called."""
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{value!r} is no text in UTF-8: rename it")
    return value.strip()


def checked_class_names(value: str) -> str:
    """Names separated by commas, without spaces; empty stays empty. Raises ValueError for fewer than two."""
    names = [name.strip() for name in value.split(",")]
    if value and (len(names) < 2 or "" in names or len(set(names)) < len(names)):
        raise ValueError(f"{value!r} must be two different names or more, separated by commas")
    return ",".join(names)
