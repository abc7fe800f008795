"""Options for reading a data set, where guessing is not enough."""

from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class ReadOptions:
    """Fields of a spec with the same names; an empty text means that the program guesses."""

    images: Path | None = None
    """Folder of the images."""
    image_column: str = ""
    label_column: str = ""
    split_column: str = ""
    group_column: str = ""
    class_names: tuple[str, ...] = ()
    """Names in class order; empty: taken from the labels."""
    ordered: str = "auto"
    """Whether classes are grades: `on`, `off`, or `auto`, where the data say so."""
    test_fraction: float = 0.2
    val_fraction: float = 0.0
    split_seed: int = 0
    """Another number draws another split."""
    folds: int = 0
    """Parts of a cross-validation; 0 for none."""
    fold: int = 0
    """The part to test on, from 1."""
    on_bad: str = "fail"
    """`fail`: an image that is missing or unreadable is an error; `skip`: its row is skipped."""


READ_FIELDS = ("data", *(field.name for field in fields(ReadOptions)))
"""Fields of a spec that decide which images are used, with which label, in which split."""
