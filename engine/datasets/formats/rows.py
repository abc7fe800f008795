"""One image as a data set names it."""

from typing import NamedTuple


class Row(NamedTuple):
    """An image's name, label, split and group, as text."""

    file: str
    """Its path below the layout's root, with suffix."""
    label: str
    split: str | None
    group: str | None = None
    is_missing: bool = False
    """Is there no file? Then `file` is what the table calls it."""
