"""Basics of all drawings: an empty canvas, text on it, thinned points."""

import math
from collections.abc import Sequence
from functools import cache

from textual_plotext.plot import Plot

from tui.plots.ink import INK, Colour

DIM = (170, 178, 186)
INKS: tuple[Colour, ...] = (DIM, (225, 232, 238), (255, 255, 255), (0, 0, 0))
"""Inks of text on coloured ground, in the order of preference."""
LEAST_CONTRAST = 4.5
"""Contrast ratio of text that WCAG 2.1 asks for (success criterion 1.4.3)."""


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
    """Return the first ink that stands out enough from a ground: light where the ground is dark, dimmer if not bold,
    else black. There is one for every ground: white and black cannot both fall short of 4.5."""
    return next(ink for ink in INKS if (ink != DIM or not bold) and contrast(ink, ground) >= LEAST_CONTRAST)


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.1, "contrast ratio")."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@cache
def _luminance(colour: Colour) -> float:
    """Return the relative luminance of an sRGB colour, 0 to 1 (WCAG 2.1, "relative luminance")."""
    parts = (part / 255 for part in colour)
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
