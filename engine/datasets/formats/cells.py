"""Cells of a table as text: whole numbers, and cells that say nothing."""

import re

_WHOLE = re.compile(r"[+-]?\d{1,18}([.,]0{1,18})?", re.ASCII)


def is_whole(text: str) -> bool:
    """Return True for a whole number: `3`, `03`, or `3.0` and `3,0`, as pandas and spreadsheets write them."""
    return _WHOLE.fullmatch(text) is not None


def normal(label: str) -> str:
    """Normalise a label that is a whole number: `01`, `1` and `1.0` are one class."""
    return str(int(label.replace(",", ".").partition(".")[0])) if is_whole(label) else label


def is_missing(label: str) -> bool:
    return label == "" or label.lower() == "nan"
