"""Reliability diagram and histogram of scores, as bars of characters."""

from dataclasses import dataclass

from textual_plotext.plot import Plot

from tui.plots.canvas import as_characters, clear, write
from tui.plots.ink import INK, Colour

EIGHTHS = " ▁▂▃▄▅▆▇█"
AXIS_CELLS = 5
"""Width of the numbers at the left, with the space after them."""
LEAST_WIDTH, LEAST_HEIGHT = 24, 6


@dataclass(frozen=True)
class ReliabilityBars:
    """Bins of equal width from 0 to 1, each with the share for which it is true and what was said."""

    true: tuple[float | None, ...]
    said: tuple[float | None, ...]
    images: tuple[int, ...]
    cursor: int | None = None


@dataclass(frozen=True)
class MirrorBars:
    """Shares of two kinds of images by score: the one upwards, the other downwards, on one scale."""

    up: tuple[float, ...]
    down: tuple[float, ...]
    labels: tuple[str, str]
    """Names of both kinds."""
    highest: float
    """Score at the right end."""
    cursor: int | None = None


def draw_reliability(plot: Plot, bars: ReliabilityBars, width: int, height: int) -> None:
    """Draw a bar to the share that is true and a line at what was said; at the bottom how many images each bin has."""
    if not _begin(plot, width, height):
        return
    rows, cell = height - 2, max((width - AXIS_CELLS) // len(bars.true), 1)
    for share, text in ((0.0, "0"), (0.5, ".5"), (1.0, "1")):
        write(plot, f"{text:>3}", 0, 2 + round(share * (rows - 1)), INK.dim)
    most = max(bars.images) or 1
    for number, (true, said, images) in enumerate(zip(bars.true, bars.said, bars.images, strict=True)):
        x, colour = AXIS_CELLS + number * cell, INK.cursor if number == bars.cursor else INK.test
        if true is not None:
            _column(plot, x, 2, true * rows, max(cell - 1, 1), colour)
        if said is not None:
            line = min(int(said * rows), rows - 1)
            write(plot, "━" * max(cell - 1, 1), x, 2 + line, INK.train, _ground(true, line, rows, colour))
        level = EIGHTHS[max(round(images / most * 8), 1)] if images else " "
        write(plot, level * max(cell - 1, 1), x, 1, INK.baseline)
    _score_axis(plot, cell * len(bars.true), 1.0)


def draw_mirror(plot: Plot, bars: MirrorBars, width: int, height: int) -> None:
    """Draw both kinds from the middle line, each as shares of its own images, to the scale of the largest."""
    if not _begin(plot, width, height):
        return
    cell = max((width - AXIS_CELLS) // len(bars.up), 1)
    half = (height - 1) // 2
    top = max(*bars.up, *bars.down) or 1.0
    write(plot, f"{100 * top:.0f}%".rjust(4), 0, half * 2, INK.dim)
    write(plot, f"{100 * top:.0f}%".rjust(4), 0, 1, INK.dim)
    for number, (up, down) in enumerate(zip(bars.up, bars.down, strict=True)):
        x, is_cursor = AXIS_CELLS + number * cell, number == bars.cursor
        wide = max(cell - 1, 1)
        _column(plot, x, half + 1, up / top * half, wide, INK.cursor if is_cursor else INK.test)
        _hanging(plot, x, half, down / top * half, wide, INK.cursor if is_cursor else INK.train)
    for text, line, colour in ((bars.labels[0], half * 2, INK.test), (bars.labels[1], 1, INK.train)):
        shown = text[: max(cell * len(bars.up) // 2, 8)]
        write(plot, shown, AXIS_CELLS + (cell * len(bars.up) - len(shown)) // 2, line, colour)
    _score_axis(plot, cell * len(bars.up), bars.highest)


def _begin(plot: Plot, width: int, height: int) -> bool:
    clear(plot, width, height)
    as_characters(plot, width, height)
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        write(plot, "no room: enlarge the window"[:width], 0, max(height - 1, 0), INK.dim)
        return False
    return True


def _column(plot: Plot, x: int, bottom: int, lines: float, wide: int, colour: Colour) -> None:
    """Draw a bar upwards, of a height in eighths of lines; a bar that is not empty is seen."""
    eighths = max(round(lines * 8), 1) if lines > 0 else 0
    for number in range(-(-eighths // 8)):
        write(plot, EIGHTHS[min(eighths - 8 * number, 8)] * wide, x, bottom + number, colour)


def _hanging(plot: Plot, x: int, top: int, lines: float, wide: int, colour: Colour) -> None:
    """Draw a bar downwards: the blank part of each block is what shows."""
    eighths = max(round(lines * 8), 1) if lines > 0 else 0
    for number in range(-(-eighths // 8)):
        blank = 8 - min(eighths - 8 * number, 8)
        if blank:
            write(plot, EIGHTHS[blank] * wide, x, top - number, INK.ground, colour)
        else:
            write(plot, "█" * wide, x, top - number, colour)


def _ground(true: float | None, line: int, rows: int, colour: Colour) -> Colour:
    """Return what lies behind a line of a bar's column."""
    return colour if true is not None and true * rows >= line + 1 else INK.ground


def _score_axis(plot: Plot, wide: int, highest: float) -> None:
    for share in (0.0, 0.5, 1.0):
        text = f"{share * highest:g}".replace("0.", ".", 1)
        x = AXIS_CELLS + round(share * (wide - 1)) - (len(text) - 1 if share == 1 else 0)
        write(plot, text, x, 0, INK.dim)
