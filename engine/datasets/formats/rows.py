"""Row of a layout: one image with its label."""

from typing import NamedTuple


class Row(NamedTuple):
    """Name, label, split and group of an image, as text."""

    file: str
    """Path relative to the layout's root, with suffix; where the file is missing, the name in the table."""
    label: str
    split: str | None
    group: str | None = None
    is_missing: bool = False
    """True where the file does not exist."""
