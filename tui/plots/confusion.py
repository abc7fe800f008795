"""Small confusion matrix of the highlighted run."""

from collections.abc import Callable

from rich.cells import cell_len
from textual_plotext.plot import Plot

from tui.detail_view import MatrixView
from tui.formatting import decimals, fitted
from tui.plots.canvas import as_characters, blend, clear, ink_on, write
from tui.plots.class_texts import corner, named
from tui.plots.ink import INK

LEAST_NAME, MOST_NAME = 7, 18
"""Columns of the rows' names: at fewer than the least, as of `2 mode…`, the rows have numbers alone."""
WIDEST = 9
"""Characters of a cell, unless the names of classes need more."""
RECALL = 6
"""Columns of the recall at the right."""


def draw_confusion(plot: Plot, view: MatrixView, width: int, height: int) -> None:
    """Draw cells coloured by row share, with counts and, where there is room, shares; recall at the right.

    Classes have their names where there is room for them beside counts and shares."""
    clear(plot, width, height)
    as_characters(plot, width, height)
    classes = len(view.counts)
    head = _head(view, width, max(len(str(classes - 1)) + 2, 4))
    with_recall = (width - head - RECALL) // classes >= 3
    longest = max(cell_len(named(view.class_names, number)) for number in range(classes))
    widest = min(max(longest + 1, WIDEST), MOST_NAME + 1)
    cell = min((width - head - (RECALL if with_recall else 0)) // classes, widest)
    if cell < 1 or height < classes + 1:
        write(plot, "no room for the matrix: enlarge the window", 0, height - 1, INK.dim)
        return
    two_lines = height >= 2 * classes + 1
    for column in range(classes):
        name = _shorter(view, column, cell - 1)
        if len(name) < cell or cell > 2:
            write(plot, fitted(name, cell - 1, right=True), head + column * cell, height - 1, INK.dim)
    write(plot, corner(head - 1), 0, height - 1, INK.dim)
    if with_recall:
        write(plot, "recall", head + classes * cell, height - 1, INK.dim)
    lines = 2 if two_lines else 1
    cell_text = _cell_text(view, cell, two_lines)
    for row in range(classes):
        top = height - 2 - row * lines
        _draw_row(plot, view, row, top, head, cell, cell_text)
        if with_recall:
            recall = decimals(view.shares(row)[row], 2).rjust(5)
            write(plot, recall, head + classes * cell, top, INK.text)


def _head(view: MatrixView, width: int, least: int) -> int:
    """Return the columns of the rows' names with the space after them; `least` for numbers alone."""
    numbers = range(len(view.counts))
    longest = max(cell_len(named(view.class_names, number)) for number in numbers)
    widest = max(len(str(count)) for row in view.counts for count in row)
    room = width - RECALL - len(view.counts) * (max(widest, len("100%")) + 1)
    wanted = min(longest, MOST_NAME) + 1
    return max(min(wanted, room), least) if min(wanted - 1, LEAST_NAME) < room else least


def _shorter(view: MatrixView, label: int, room: int) -> str:
    """Return a class' number and name, or its number alone where they do not fit."""
    name = named(view.class_names, label)
    return name if cell_len(name) <= room else str(label)


def _draw_row(
    plot: Plot, view: MatrixView, row: int, top: int, head: int, cell: int, cell_text: "CellText"
) -> None:
    shares = view.shares(row)
    name = named(view.class_names, row) if head > LEAST_NAME else _shorter(view, row, head - 1)
    write(plot, fitted(name, head - 1, right=name == str(row)), 0, top, INK.text)
    for column, (count, share) in enumerate(zip(view.counts[row], shares, strict=True)):
        ground = blend(INK.empty, INK.full, share or 0.0)
        colour = ink_on(ground, bold=row == column)
        left = head + column * cell
        for line, text in enumerate(cell_text(count, share)):
            write(plot, f"{text[: cell - 1]:>{cell - 1}} ", left, top - line, colour, ground)


CellText = Callable[[int, float | None], list[str]]
"""Function that formats the lines of a cell from its count and its share of the row."""


def _cell_text(view: MatrixView, cell: int, two_lines: bool) -> CellText:
    """Choose one format for all cells of a matrix, each number followed by a space.

    Cells show counts, with shares where there is room for both; shares alone where the counts do not fit."""
    counts = [count for row in view.counts for count in row]
    room = cell - 1
    widest = max(len(str(count)) for count in counts)
    if widest > room:
        if room >= 4:
            return lambda _count, share: [_percent(share)]
        return lambda _count, share: [_tenths(share) if room >= 2 else ""]
    if two_lines and room >= 4:
        return lambda count, share: [str(count), _percent(share)]
    if widest + len(" 100%") <= room:
        return lambda count, share: [f"{count} {_percent(share)}"]
    return lambda count, _share: [str(count) if count or room > 2 else "·"]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}%"


def _tenths(share: float | None) -> str:
    """Format a share in two characters: `.7`; `1.` for all, `·` for none."""
    if share is None:
        return "–"
    tenths = round(10 * share)
    return "1." if tenths == 10 else f".{tenths}" if share else "·"
