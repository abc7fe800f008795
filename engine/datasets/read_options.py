"""How a data set is to be read: what a user said where guessing is not enough."""

from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class ReadOptions:
    """Fields of a spec by the same names; an empty text leaves it to us."""

    images: Path | None = None
    """The folder of the images."""
    image_column: str = ""
    label_column: str = ""
    split_column: str = ""
    group_column: str = ""
    class_names: tuple[str, ...] = ()
    """In class order."""
    test_fraction: float = 0.2
    val_fraction: float = 0.0
    on_bad: str = "fail"
    """`skip`: rows whose image is missing or cannot be read are an error no longer."""


READ_FIELDS = ("data", *(field.name for field in fields(ReadOptions)))
"""The fields of a spec that decide which images there are, with which label, in which split."""
