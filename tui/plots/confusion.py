"""Small confusion matrix of the highlighted run."""

from collections.abc import Callable

from textual_plotext.plot import Plot

from tui.formatting import decimals
from tui.plots.canvas import as_characters, blend, clear, ink_on, write
from tui.plots.ink import INK
from tui.snapshot import MatrixView


def draw_confusion(plot: Plot, view: MatrixView, width: int, height: int) -> None:
    """Draw cells coloured by row share, with counts and, where there is room, shares; recall at the right."""
    clear(plot, width, height)
    as_characters(plot, width, height)
    classes = len(view.counts)
    head = max(len(str(classes - 1)) + 2, 4)
    with_recall = (width - head - 6) // classes >= 3
    cell = min((width - head - (6 if with_recall else 0)) // classes, 9)
    if cell < 1 or height < classes + 1:
        write(plot, "no room for the matrix: enlarge the window", 0, height - 1, INK.dim)
        return
    two_lines = height >= 2 * classes + 1
    for column in range(classes):
        name = str(column)
        if len(name) < cell or cell > 2:
            write(plot, name.rjust(cell - 1), head + column * cell, height - 1, INK.dim)
    write(plot, "pred" if cell > 2 else "", 0, height - 1, INK.dim)
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


def _draw_row(
    plot: Plot, view: MatrixView, row: int, top: int, head: int, cell: int, cell_text: "CellText"
) -> None:
    shares = view.shares(row)
    write(plot, str(row).rjust(head - 1), 0, top, INK.text)
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
