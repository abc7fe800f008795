"""Basics of all drawings: an empty canvas, text on it, thinned points."""

import math
from collections.abc import Sequence

from textual_plotext.plot import Plot

from tui.plots.ink import INK, Colour


def thin(values: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Reduce values to at most `most` finite points: the lowest and highest of each stretch, so that spikes stay."""
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


def clear(plot: Plot, width: int, height: int) -> None:
    plot.clear_figure()
    plot.plotsize(width, height)
    plot.frame(False)


def as_characters(plot: Plot, width: int, height: int) -> None:
    """Set the coordinates of a plot to characters, counted from the lower left, without axes."""
    plot.xaxes(False, False)
    plot.yaxes(False, False)
    plot.xticks([])
    plot.yticks([])
    plot.xlim(0, max(width - 1, 1))
    plot.ylim(0, max(height - 1, 1))


def write(plot: Plot, text: str, x: int, y: int, colour: Colour, ground: Colour | None = None) -> None:
    if text:
        plot.text(text, x, y, color=colour, background=ground or INK.ground, alignment="left")


def finite(epochs: Sequence[int], values: Sequence[float | None]) -> list[tuple[float, float]]:
    return [
        (epoch, value)
        for epoch, value in zip(epochs, values, strict=True)
        if value is not None and math.isfinite(value)
    ]


def blend(low: Colour, high: Colour, share: float) -> Colour:
    return tuple(round(a + (b - a) * share) for a, b in zip(low, high, strict=True))  # type: ignore[return-value]


def ink_on(ground: Colour, *, bold: bool) -> Colour:
    """Return black on a bright ground, else a light colour, dimmer if not bold (luminance by ITU-R BT.709)."""
    bright = 0.2126 * ground[0] + 0.7152 * ground[1] + 0.0722 * ground[2] > 110
    return (0, 0, 0) if bright else (225, 232, 238) if bold else (170, 178, 186)
