"""Forms in which tables name images."""

import posixpath
import unicodedata
from collections.abc import Callable

from layouts.case import ROOT

CellForm = Callable[[str], str]
"""From the image's path below the table's folder to the cell."""


def _stem(path: str) -> str:
    return posixpath.splitext(path)[0]


PLAIN_CELLS: dict[str, CellForm] = {
    "file": posixpath.basename,
    "stem": lambda path: _stem(posixpath.basename(path)),
    "path": lambda path: path,
    "path without suffix": _stem,
}


def _swapped(path: str) -> str:
    """Other Unicode form of the same name."""
    composed = unicodedata.normalize("NFC", path)
    return unicodedata.normalize("NFD", path) if composed == path else composed


def _as_float(path: str) -> str:
    stem = PLAIN_CELLS["stem"](path)
    return f"{int(stem)}.0" if stem.isdecimal() else stem


def _as_number(path: str) -> str:
    stem = PLAIN_CELLS["stem"](path)
    return str(int(stem)) if stem.isdecimal() else stem


ODD_CELLS: dict[str, CellForm] = {
    "backslashes": lambda path: path.replace("/", "\\") if "/" in path else f".\\{path}",
    "absolute": lambda path: f"{ROOT}/{path}",
    "foreign prefix": lambda path: f"data/old/{path}",
    "upload": lambda path: f"/data/upload/1/{posixpath.basename(path)}",
    "drive": lambda path: "C:\\Users\\me\\" + path.replace("/", "\\"),
    "address": lambda path: f"https://example.org/{path}",
    "dot": lambda path: f"./{path}",
    "float": _as_float,
    "lost zeros": _as_number,
    "other suffix": lambda path: f"{_stem(path)}.dcm",
    "wrong suffix": lambda path: _stem(path) + (".png" if path.lower().endswith("jpg") else ".jpg"),
    "other case": str.swapcase,
    "other unicode": _swapped,
    "inner spaces": lambda path: f" {posixpath.basename(path)} ",
    "doubled suffix": lambda path: f"{path}.jpg",
}
