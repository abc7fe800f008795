"""Large confusion matrix with a cursor; where there are many classes, a part of it at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual_plotext.plot import Plot

from tui.formatting import decimals, fitted
from tui.plots.canvas import as_characters, blend, clear, ink_on, write
from tui.plots.class_texts import named
from tui.plots.ink import INK, Colour

COUNTS, ROWS, COLUMNS = "counts", "row share", "column share"
MODES = (ROWS, COUNTS, COLUMNS)
NARROWEST, WIDEST, WIDEST_NAMED = 4, 12, 24
"""Widths of a cell, in characters; the last where names of classes need it."""
TALLEST = 3
"""Most lines of a cell."""
TAIL = 13
"""Width of recall and precision at the right, in characters."""
NAME_CELLS = 14


@dataclass(frozen=True)
class Grid:
    """Matrix of counts, row = true class, or the difference of two."""

    counts: tuple[tuple[int, ...], ...]
    class_names: tuple[str, ...]
    mode: str
    cursor: tuple[int, int]
    """True and predicted class of the cursor's cell."""
    minus: tuple[tuple[int, ...], ...] | None = None
    """Counts whose shares are subtracted; colours then show the sign."""


@dataclass(frozen=True)
class Layout:
    """Layout of the part of a matrix that fits into a window."""

    cell: int
    lines: int
    """Lines of a cell."""
    head: int
    shown: int
    """Columns that fit."""
    down: int
    """Rows that fit."""


def layout(grid: Grid, width: int, height: int) -> Layout:
    classes = len(grid.counts)
    longest = max((cell_len(name) for name in _labels(grid)), default=1)
    head = min(longest, NAME_CELLS) + 2
    room = max(width - head - TAIL, NARROWEST)
    widest = min(max(longest + 1, WIDEST), WIDEST_NAMED)
    cell = min(max(room // classes, NARROWEST), widest)
    lines = min(max((height - 1) // classes, 1), TALLEST)
    return Layout(cell, lines, head, min(room // cell, classes), min((height - 1) // lines, classes))


def first_shown(cursor: int, shown: int, classes: int) -> int:
    """Return the first class of a window with the cursor's class near its middle."""
    return min(max(cursor - shown // 2, 0), classes - shown)


def draw_matrix(plot: Plot, grid: Grid, width: int, height: int) -> None:
    clear(plot, width, height)
    as_characters(plot, width, height)
    place = layout(grid, width, height)
    if place.down < 1 or place.shown < 1:
        write(plot, "no room for the matrix: enlarge the window", 0, height - 1, INK.dim)
        return
    classes = len(grid.counts)
    top, left = (
        first_shown(at, shown, classes)
        for at, shown in zip(grid.cursor, (place.down, place.shown), strict=True)
    )
    labels = _labels(grid)
    write(plot, "true ╲ pred"[: place.head - 1], 0, height - 1, INK.dim)
    for column in range(left, left + place.shown):
        colour = INK.text if column == grid.cursor[1] else INK.dim
        name = fitted(
            labels[column] if cell_len(labels[column]) < place.cell else str(column),
            place.cell - 1,
            right=True,
        )
        write(plot, name, place.head + (column - left) * place.cell, height - 1, colour)
    at = place.head + place.shown * place.cell
    write(plot, " recall  prec", at, height - 1, INK.dim)
    for row in range(top, top + place.down):
        line = height - 2 - (row - top) * place.lines
        write(
            plot, fitted(labels[row], place.head - 1), 0, line, INK.text if row == grid.cursor[0] else INK.dim
        )
        for column in range(left, left + place.shown):
            _draw_cell(plot, grid, row, column, place, place.head + (column - left) * place.cell, line)
        write(plot, _tail(grid, row), at, line, INK.text)


def _labels(grid: Grid) -> tuple[str, ...]:
    return tuple(named(grid.class_names, number) for number in range(len(grid.counts)))


def _tail(grid: Grid, row: int) -> str:
    """Format recall and precision of a class, or their differences in percentage points."""
    values = recall(grid.counts, row), precision(grid.counts, row)
    if grid.minus is None:
        return f"{decimals(values[0], 2):>7}{decimals(values[1], 2):>6}"
    less = recall(grid.minus, row), precision(grid.minus, row)
    found = [_points(one, other) for one, other in zip(values, less, strict=True)]
    return f"{found[0]:>7}{found[1]:>6}"


def _points(one: float | None, other: float | None) -> str:
    """Format the difference of two shares in percentage points, such as `+14`; `·` for none."""
    if one is None or other is None:
        return "–"
    return f"{100 * (one - other):+.0f}".replace("-", "−") if abs(one - other) >= 0.005 else "·"


def _draw_cell(plot: Plot, grid: Grid, row: int, column: int, place: Layout, x: int, y: int) -> None:
    share = _share(grid.counts, row, column, grid.mode)
    if grid.minus is None:
        ground = blend(INK.empty, INK.full, share or 0.0)
        text = str(grid.counts[row][column]) if grid.mode == COUNTS else _percent(share)
        below = _percent(share) if grid.mode == COUNTS else str(grid.counts[row][column])
    else:
        other = _share(grid.minus, row, column, grid.mode)
        ground = _signed(share - other if share is not None and other is not None else 0.0)
        more = grid.counts[row][column] - grid.minus[row][column]
        text, below = _points(share, other), f"{more:+d}".replace("-", "−") if more else "·"
        if grid.mode == COUNTS:
            text, below = below, text
    if grid.mode != COUNTS and grid.minus is None and not grid.counts[row][column]:
        text = "·"
    lines = [text, below, ""][: place.lines]
    is_cursor = (row, column) == grid.cursor
    colour = ink_on(ground, bold=row == column)
    if is_cursor:
        ground, colour = INK.cursor, (0, 0, 0)
    for number, each in enumerate(lines):
        short = each if len(each) < place.cell else each.removesuffix("%")
        shown = short if len(short) < place.cell else "#" * (place.cell - 1)
        write(plot, f"{shown:>{place.cell - 1}} ", x, y - number, colour, ground)


def _signed(change: float) -> Colour:
    """Return blue for more and orange for less, which colour-blind people can tell apart."""
    return blend(INK.empty, INK.test if change > 0 else INK.train, min(abs(change) * 2, 1.0))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}%"


def _share(counts: Sequence[Sequence[int]], row: int, column: int, mode: str) -> float | None:
    """Return a cell's share of its row, or of its column in mode `column share`; None where that is empty."""
    total = sum(line[column] for line in counts) if mode == COLUMNS else sum(counts[row])
    return counts[row][column] / total if total else None


def recall(counts: Sequence[Sequence[int]], row: int) -> float | None:
    return _share(counts, row, row, ROWS)


def precision(counts: Sequence[Sequence[int]], row: int) -> float | None:
    return _share(counts, row, row, COLUMNS)
