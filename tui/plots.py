"""Everything drawn with plotext, and its only importer: pure functions from a view to a canvas."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from textual_plotext import PlotextPlot
from textual_plotext.plot import Plot

from tui.snapshot import Curve, MatrixView
from tui.text import decimals

__all__ = ["INK", "Ink", "Plot", "PlotextPlot", "draw_accuracy", "draw_confusion", "thin"]

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Ink:
    """Colours of the drawings, after Okabe and Ito's palette, which colour-blind people can tell apart."""

    train: Colour = (230, 159, 0)
    test: Colour = (86, 180, 233)
    baseline: Colour = (140, 150, 160)
    text: Colour = (200, 208, 216)
    dim: Colour = (130, 140, 150)
    ground: Colour = (18, 22, 27)
    empty: Colour = (27, 34, 42)
    full: Colour = (86, 180, 233)


INK = Ink()


def thin(values: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most `most` points that keep each stretch's lowest and highest, so that no spike is lost."""
    points = [(x, y) for x, y in values if math.isfinite(x) and math.isfinite(y)]
    if len(points) <= most:
        return points
    stretches = max(most // 2, 1)
    kept: list[tuple[float, float]] = []
    for number in range(stretches):
        part = points[number * len(points) // stretches : (number + 1) * len(points) // stretches]
        low, high = min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])
        kept += sorted({low, high})
    return kept


def draw_accuracy(plot: Plot, view: Curve, width: int, height: int) -> None:
    """Train and test accuracy by epoch over the baseline."""
    _clear(plot, width, height)
    lines = [
        ("train", _points(view.epochs, view.train), INK.train),
        ("test", _points(view.epochs, view.test), INK.test),
    ]
    values = [y for _, points, _ in lines for _, y in points] + ([view.baseline] if view.baseline else [])
    low = min(math.floor(10 * min(values, default=0.0)) / 10, 0.9)
    first = 0 if view.epochs[:1] == (0,) else 1
    plot.xlim(first, max(view.last_epoch, first + 1))
    plot.ylim(low, 1)
    plot.yticks(*_levels(low, height))
    plot.xticks(_ticks(first, view.last_epoch, width))
    if view.baseline is not None:
        level = [view.baseline, view.baseline]
        plot.plot([first, view.last_epoch], level, marker="braille", color=INK.baseline)
        _label(
            plot, f"baseline {decimals(view.baseline)}", view.last_epoch, view.baseline, (1 - low) / height
        )
    for _, points, colour in lines:
        shown = thin(points, 2 * width)
        if len(shown) == 1:
            plot.scatter(*zip(*shown, strict=True), marker="●", color=colour)
        elif shown:
            plot.plot(*zip(*shown, strict=True), marker="braille", color=colour)


def draw_confusion(plot: Plot, view: MatrixView, width: int, height: int) -> None:
    """Cells coloured by row share, with counts and, where there is room, shares; recall at the right."""
    _clear(plot, width, height)
    _as_characters(plot, width, height)
    classes = len(view.counts)
    head = max(len(str(classes - 1)) + 2, 4)
    with_recall = (width - head - 6) // classes >= 3
    cell = min((width - head - (6 if with_recall else 0)) // classes, 9)
    if cell < 1 or height < classes + 1:
        _write(plot, "no room for the matrix: enlarge the window", 0, height - 1, INK.dim)
        return
    two_lines = height >= 2 * classes + 1
    for column in range(classes):
        name = str(column)
        if len(name) < cell or cell > 2:
            _write(plot, name.rjust(cell - 1), head + column * cell, height - 1, INK.dim)
    _write(plot, "ans", 0, height - 1, INK.dim)
    if with_recall:
        _write(plot, "recall", head + classes * cell, height - 1, INK.dim)
    lines = 2 if two_lines else 1
    for row in range(classes):
        top = height - 2 - row * lines
        _draw_row(plot, view, row, top, head, cell, two_lines)
        if with_recall:
            recall = decimals(view.shares(row)[row], 2).rjust(5)
            _write(plot, recall, head + classes * cell, top, INK.text)


def _draw_row(
    plot: Plot, view: MatrixView, row: int, top: int, head: int, cell: int, two_lines: bool
) -> None:
    shares = view.shares(row)
    _write(plot, str(row).rjust(head - 1), 0, top, INK.text)
    for column, (count, share) in enumerate(zip(view.counts[row], shares, strict=True)):
        ground = _blend(INK.empty, INK.full, share or 0.0)
        colour = _ink_on(ground, bold=row == column)
        left = head + column * cell
        for line, text in enumerate(_cell_texts(count, share, cell, two_lines)):
            _write(plot, text, left, top - line, colour, ground)


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


def _clear(plot: Plot, width: int, height: int) -> None:
    plot.clear_figure()
    plot.plotsize(width, height)
    plot.frame(False)


def _as_characters(plot: Plot, width: int, height: int) -> None:
    """Coordinates count characters from the lower left."""
    plot.xaxes(False, False)
    plot.yaxes(False, False)
    plot.xticks([])
    plot.yticks([])
    plot.xlim(0, max(width - 1, 1))
    plot.ylim(0, max(height - 1, 1))


def _write(plot: Plot, text: str, x: int, y: int, colour: Colour, ground: Colour = INK.ground) -> None:
    if text:
        plot.text(text, x, y, color=colour, background=ground, alignment="left")


def _points(epochs: Sequence[int], values: Sequence[float | None]) -> list[tuple[float, float]]:
    return [
        (epoch, value)
        for epoch, value in zip(epochs, values, strict=True)
        if value is not None and math.isfinite(value)
    ]


def _label(plot: Plot, text: str, x: float, y: float, row: float) -> None:
    """A word at the right end, a row above its line (below, where there is no row above)."""
    place = y + 1.5 * row if y + 1.5 * row < 1 else y - 1.5 * row
    plot.text(text, x, place, color=INK.baseline, background=INK.ground, alignment="right")


def _levels(low: float, height: int) -> tuple[list[float], list[str]]:
    """Whole tenths from the top down to `low`, a label for every two rows at most."""
    tenths = round(10 * (1 - low))
    step = next(step for step in (1, 2, 5, 10) if tenths // step <= max(height // 2 - 1, 1))
    levels = [1 - 0.1 * number for number in range(0, tenths + 1, step)]
    return levels, [f"{level:.1f}" for level in levels]


def _ticks(first: int, last: int, width: int) -> list[float]:
    """At most a tick for every eight characters, on whole epochs."""
    step = max(1, math.ceil((last - first) / max(width // 8, 1)))
    return [float(epoch) for epoch in range(first, last + 1, step)]


def _blend(low: Colour, high: Colour, share: float) -> Colour:
    return tuple(round(a + (b - a) * share) for a, b in zip(low, high, strict=True))  # type: ignore[return-value]


def _ink_on(ground: Colour, *, bold: bool) -> Colour:
    """Black on bright, light on dark (luminance by ITU-R BT.709); off the diagonal a little dimmer."""
    bright = 0.2126 * ground[0] + 0.7152 * ground[1] + 0.0722 * ground[2] > 110
    return (0, 0, 0) if bright else INK.text if bold else (170, 178, 186)
