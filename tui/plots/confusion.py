"""A small confusion matrix."""

from textual_plotext.plot import Plot

from tui.plots.canvas import as_characters, blend, clear, ink_on, write
from tui.plots.ink import INK
from tui.snapshot import MatrixView
from tui.text import decimals


def draw_confusion(plot: Plot, view: MatrixView, width: int, height: int) -> None:
    """Cells coloured by row share, with counts and, where there is room, shares; recall at the right."""
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
    write(plot, "ans", 0, height - 1, INK.dim)
    if with_recall:
        write(plot, "recall", head + classes * cell, height - 1, INK.dim)
    lines = 2 if two_lines else 1
    for row in range(classes):
        top = height - 2 - row * lines
        _draw_row(plot, view, row, top, head, cell, two_lines)
        if with_recall:
            recall = decimals(view.shares(row)[row], 2).rjust(5)
            write(plot, recall, head + classes * cell, top, INK.text)


def _draw_row(
    plot: Plot, view: MatrixView, row: int, top: int, head: int, cell: int, two_lines: bool
) -> None:
    shares = view.shares(row)
    write(plot, str(row).rjust(head - 1), 0, top, INK.text)
    for column, (count, share) in enumerate(zip(view.counts[row], shares, strict=True)):
        ground = blend(INK.empty, INK.full, share or 0.0)
        colour = ink_on(ground, bold=row == column)
        left = head + column * cell
        for line, text in enumerate(_cell_texts(count, share, cell, two_lines)):
            write(plot, text, left, top - line, colour, ground)


def _cell_texts(count: int, share: float | None, cell: int, two_lines: bool) -> list[str]:
    """A cell's line or lines: the count, and the share in percent where it fits."""
    number = str(count) if count or cell > 3 else "·"
    percent = "–" if share is None else f"{100 * share:.0f}%"
    if two_lines:
        return [
            (number if len(number) < cell else "").rjust(cell - 1) + " ",
            f"{percent[: cell - 1]:>{cell - 1}} ",
        ]
    both = f"{number} {percent}"
    text = both if len(both) < cell else number if len(number) <= cell else ""
    return [f"{text:>{cell - 1}} " if len(text) < cell else text]
