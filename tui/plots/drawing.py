"""Drawing of plotext as lines for the terminal."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from rich.ansi import AnsiDecoder
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

from tui.plots.ink import Colour

PIECE = re.compile(r"((?:\x1b\[[\d;]*m)*)([^\x1b]*)")
"""Codes of a style, and the text in it."""
Cells = Mapping[tuple[int, int], Colour]
"""Grounds of cells by row, from the top, and column."""


class Drawing(Visual):
    """Canvas that plotext has built, with the grounds of single cells.

    Each line becomes segments at once. By way of a Rich Text, which is parsed, wrapped and divided, it took as long
    again as to draw."""

    def __init__(self, canvas: str, grounds: Cells) -> None:
        self._lines = canvas.removesuffix("\n").split("\n")
        self._grounds = grounds

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        base = style.rich_style
        shaded = {row for row, _ in self._grounds}
        strips = []
        for row, line in enumerate(self._lines[:height]):
            pieces = self._on_grounds(row, line) if row in shaded else _pieces(line)
            strips.append(Strip([Segment(text, base + ink) for text, ink in pieces]).crop(0, width))
        return strips

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return len(self._lines)

    def _on_grounds(self, row: int, line: str) -> Iterator[tuple[str, RichStyle]]:
        """Give the line cell by cell, each on its ground."""
        column = 0
        for text, ink in _pieces(line):
            for letter in text:
                ground = self._grounds.get((row, column))
                yield letter, ink + _on(ground) if ground is not None else ink
                column += 1


def _pieces(line: str) -> list[tuple[str, RichStyle]]:
    """Return the texts of a line with their styles; those that end a style stand before the next."""
    return [(text, _ink(codes)) for codes, text in PIECE.findall(line) if text]


@lru_cache(4096)
def _ink(codes: str) -> RichStyle:
    """Return the style that the codes set."""
    spans = AnsiDecoder().decode_line(f"{codes}x").spans
    return RichStyle.combine(
        [RichStyle.null(), *(each.style for each in spans if isinstance(each.style, RichStyle))]
    )


@lru_cache(4096)
def _on(ground: Colour) -> RichStyle:
    return RichStyle(bgcolor=f"rgb({','.join(map(str, ground))})")
