"""Train and test accuracy by epoch over the baseline: the highlighted run's small curve."""

import math

from textual_plotext.plot import Plot

from tui.plots.canvas import clear, finite, thin
from tui.plots.ink import INK
from tui.snapshot import Curve
from tui.text import decimals


def draw_accuracy(plot: Plot, view: Curve, width: int, height: int) -> None:
    """Train and test accuracy by epoch over the baseline."""
    clear(plot, width, height)
    lines = [
        ("train", finite(view.epochs, view.train), INK.train),
        ("test", finite(view.epochs, view.test), INK.test),
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
    for name, points, colour in lines:
        shown = thin(points, 2 * width)
        if len(shown) == 1:
            plot.scatter(*zip(*shown, strict=True), marker="●", color=colour)
        elif shown:
            plot.plot(*zip(*shown, strict=True), marker="braille", color=colour)
            if not INK.has_hues:
                plot.scatter(*zip(*shown, strict=True), marker="●" if name == "test" else "○", color=colour)


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
