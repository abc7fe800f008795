"""Log of the opened run: its end, as it grows, and where a word stands in it."""

import re

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.feeds.run_log import LogLines
from tui.widgets.scrolling import Scrolling

STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ")
"""Stays where it is while the rest of a long line is scrolled."""


class LogPane(Scrolling, ScrollView, can_focus=False):
    """Lines of the log. It follows the end until somebody scrolls up; `word` is what is searched for."""

    DEFAULT_CSS = "LogPane { overflow-x: auto; overflow-y: scroll; }"

    def __init__(self) -> None:
        super().__init__(id="log")
        self.lines: list[str] = []
        self.word = ""
        self._match = -1

    def add(self, more: LogLines) -> None:
        """Show new lines; the end is followed unless somebody has scrolled up."""
        follows = more.is_all or self.is_vertical_scroll_end
        self.lines = more.lines if more.is_all else [*self.lines, *more.lines]
        width = max(map(len, self.lines), default=0)
        self.virtual_size = Size(width, len(self.lines))
        self.refresh()
        if follows:
            self.scroll_end(animate=False)

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        number = top + y
        base = self.rich_style
        if number >= len(self.lines):
            text = "nothing was written yet" if not self.lines and y == 0 else ""
            return Strip([Segment(text.ljust(self.size.width), base + Style(dim=True))])
        line = self.lines[number]
        segments = self._segments(line, base + Style(bold=number == self._match))
        strip = Strip(segments).extend_cell_length(left + self.size.width, base)
        stamp = STAMP.match(line)
        stays = min(stamp.end(), self.size.width) if stamp else 0
        return Strip.join([strip.crop(0, stays), strip.crop(left + stays, left + self.size.width)])

    def _segments(self, line: str, style: Style) -> list[Segment]:
        word = self.word.casefold()
        if not word:
            return [Segment(line, style)]
        segments, at, folded = [], 0, line.casefold()
        if len(folded) != len(line):  # a letter that folds to two: whole lines are marked
            return [Segment(line, style + Style(reverse=word in folded))]
        while (place := folded.find(word, at)) >= 0:
            segments += [
                Segment(line[at:place], style),
                Segment(line[place : place + len(word)], style + Style(reverse=True)),
            ]
            at = place + len(word)
        return [*segments, Segment(line[at:], style)]

    def search(self, word: str) -> int:
        """Mark a word, go to its last place and return how many lines have it."""
        self.word, self._match = word, -1
        found = self._matches()
        if found:
            self._go_to(found[-1])
        self.refresh()
        return len(found)

    def _matches(self) -> list[int]:
        word = self.word.casefold()
        return [number for number, line in enumerate(self.lines) if word and word in line.casefold()]

    def _go_to(self, number: int) -> None:
        self._match = number
        self.scroll_to(y=max(number - self.size.height // 2, 0), animate=False)
        self.refresh()

    # What keys do

    def do_next(self) -> None:
        """Go to the next line with the word, after the last to the first."""
        if found := self._matches():
            self._go_to(next((number for number in found if number > self._match), found[0]))

    def do_previous(self) -> None:
        if found := self._matches():
            self._go_to(next((number for number in reversed(found) if number < self._match), found[-1]))

    def do_left(self) -> None:
        self.scroll_relative(x=-8, animate=False)

    def do_right(self) -> None:
        self.scroll_relative(x=8, animate=False)
