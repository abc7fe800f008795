"""`python -m tui.serve.child`: the app of one browser window. Its database stands in the environment."""

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.files.paths import Home
from engine.text import print_message
from tui.open_app import open_window
from tui.streams import open_streams

DRIVER = "tui.serve.driver:ServedDriver"
CELL_PX = (9, 21)
"""Width and height of a character of the page's font at 16 px: pictures keep their shape by it."""


def command(home: Home, *, writable: bool) -> list[str]:
    """Return the command line of a window's process. All users of the host see it: it has neither token nor URL."""
    places = ["--home", str(home.root), "--cache", str(home.cache)]
    return [sys.executable, "-P", "-m", "tui.serve.child", *places, *(["--writable"] if writable else [])]


def environment(home: Home, columns: int, rows: int) -> dict[str, str]:
    """Return the environment of a window's process: the browser shows UTF-8 and all colours."""
    size = {"COLUMNS": str(columns), "ROWS": str(rows)}
    cell = dict(zip(("TEXTUAL_CELL_WIDTH", "TEXTUAL_CELL_HEIGHT"), map(str, CELL_PX), strict=True))
    looks = {"TEXTUAL_DRIVER": DRIVER, "TEXTUAL_COLOR_SYSTEM": "truecolor", "PYTHONIOENCODING": "utf-8"}
    return {**home.environment(), **size, **cell, **looks}


def main(arguments: Sequence[str]) -> int:
    gc.disable()  # as `tui.start` does
    open_streams()
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--writable", action="store_true")
    given = parser.parse_args(arguments)
    home = Home.find(given.home, None, given.cache)
    code = open_window(home, readonly=not given.writable, served=True)
    if code is None:
        print_message("resnet-tui: the run table cannot be read")
    return 2 if code is None else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
