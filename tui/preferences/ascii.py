"""Drawing in ASCII alone, for terminals and fonts that have nothing else: each cell keeps its width."""

import functools
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.scrollbar import ScrollBarRender

RAMP = " .:-=+*#%@"
"""Characters from dark to light, for pictures in half blocks."""
NEAR = {
    **dict.fromkeys("●■◆▲", "*"), **dict.fromkeys("○□◇△", "o"), **dict.fromkeys("━─╌┄═", "-"),
    **dict.fromkeys("│┃▌▐▕▏", "|"),
    "✔": "+", "✖": "x", "‖": "=", "–": "-", "−": "-", "⚠": "!", "▸": ">", "▶": ">", "◀": "<", "→": ">", "←": "<",
    "↑": "^", "↓": "v", "↗": "/", "↘": "\\", "·": ".", "…": "~", "≈": "~", "≥": ">", "≤": "<", "×": "x", "÷": "/",
    "±": "~", "╲": "\\", "╱": "/", "²": "2", "“": '"', "”": '"', "’": "'", "⏎": "<", "█": "#", "▀": "\"", "▄": "_",
}  # fmt: skip
NEAR |= {"▔": "-", "▁": "_", "🔎": "/ "}
BARS = {each: str(place) for place, each in enumerate("▁▂▃▄▅▆▇", 1)}
PARTS = "▎▍▌▋▊▉"
"""Ends of bars, in eighths of a cell."""
BRAILLE = range(0x2800, 0x2900)


@functools.lru_cache(maxsize=4096)
def to_ascii(text: str) -> str:
    return text if text.isascii() else "".join(map(_nearest, text))


def _nearest(character: str) -> str:
    if character.isascii():
        return character
    if ord(character) in BRAILLE:
        return _braille(ord(character) - BRAILLE.start)
    known = NEAR.get(character) or BARS.get(character)
    if known is None and character in PARTS:
        known = "-" if PARTS.index(character) > 1 else " "
    return known or "?" * cell_len(character)


def _braille(dots: int) -> str:
    """Show where in the cell the dots are: `'` above, `-` in the middle, `.` below."""
    upper, middle, lower = dots & 0b00001001, dots & 0b00110110, dots & 0b11000000
    if not dots:
        return " "
    if upper and lower or (middle and (upper or lower)):
        return ":"
    return "'" if upper else "-" if middle else "."


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
