"""Tables for people: aligned columns that fit the terminal they are printed on."""

import shutil
import sys
from collections.abc import Sequence

from rich.cells import cell_len

from tui.cli.output import print_message
from tui.formatting import fitted, plain

GAP = "  "
LEAST = 12
"""Characters that a column keeps when it is cut to fit."""


def print_table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    may_go: Sequence[str] = (),
    may_shrink: Sequence[str] = (),
) -> None:
    """Print aligned columns; those named in `right` are aligned right.

    On a terminal that is too narrow, the columns `may_go` are dropped and `may_shrink` are cut, each from the first
    on, until the rest fits; dropped columns are named on standard error. A file or a pipe gets all columns."""
    columns = {name: [plain(row[place]) for row in rows] for place, name in enumerate(head)}
    widths = {name: max(map(cell_len, [name, *cells])) for name, cells in columns.items()}
    gone = _fit(widths, may_go, may_shrink) if sys.stdout.isatty() else []
    for number in range(-1, len(rows)):
        texts = {name: name if number < 0 else cells[number] for name, cells in columns.items()}
        parts = [fitted(texts[name], width, right=name in right) for name, width in widths.items()]
        print(GAP.join(parts).rstrip())
    if gone:
        print_message(f"columns left out (terminal too narrow): {', '.join(gone)}")


def _fit(widths: dict[str, int], may_go: Sequence[str], may_shrink: Sequence[str]) -> list[str]:
    """Reduce `widths` to fit the terminal, and return the columns taken out."""
    room = shutil.get_terminal_size().columns + len(GAP)
    gone: list[str] = []

    def excess() -> int:
        return sum(widths.values()) + len(GAP) * len(widths) - room

    for name in may_go:
        if name in widths and excess() > sum(_spare(widths, each) for each in may_shrink):
            del widths[name]
            gone.append(name)
    for name in may_shrink:
        if name in widths and excess() > 0:
            widths[name] -= min(excess(), _spare(widths, name))
    return gone


def _spare(widths: dict[str, int], name: str) -> int:
    return max(0, widths.get(name, 0) - LEAST)
