"""Drawing the app in ASCII alone."""

from typing import ClassVar

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.scrollbar import ScrollBarRender

from tui.ascii import to_ascii

RAMP = " .:-=+*#%@"
"""Characters from dark to light, for pictures in half blocks."""


class PlainScrollBar(ScrollBarRender):
    """Scroll bar in whole cells: the eighths at its ends would become digits."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * len(ScrollBarRender.VERTICAL_BARS)
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * len(ScrollBarRender.HORIZONTAL_BARS)


class AsciiFilter(LineFilter):
    """Filter that replaces the text of every drawn line with ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(_shown(segment), segment.style, segment.control) for segment in segments]


def _shown(segment: Segment) -> str:
    text, style = segment.text, segment.style
    if text == "▀" and style is not None and style.color is not None and style.color.triplet is not None:
        red, green, blue = style.color.triplet
        light = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
        return RAMP[min(int(light * len(RAMP)), len(RAMP) - 1)]
    return to_ascii(text)
