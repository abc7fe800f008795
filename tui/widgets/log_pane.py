"""Log of the opened run: its end, as it grows, wrapped or not, and where a word stands in it."""

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input, Static

from tui.feeds.run_log import MOST_BYTES, NewLines
from tui.formatting import plain
from tui.views.log_lines import DAY, TIME, LogLines, Row, indent_of
from tui.widgets.kept_choice import ChoiceMade
from tui.widgets.scrolling import Scrolling
from tui.widgets.text_line import TextLine

MEGABYTE = 1_000_000


class LogView(Scrolling, ScrollView, can_focus=False):
    """Rows of the log. It follows the end until somebody scrolls up."""

    DEFAULT_CSS = "LogView { overflow-x: auto; overflow-y: scroll; }"

    def __init__(self, moved: Callable[[], None]) -> None:
        """`moved` is called when other rows are shown."""
        super().__init__()
        self.log_lines, self.match = LogLines(), -1
        self.wraps = False
        self._moved = moved

    @property
    def window(self) -> Size:
        """Cells beside the scroll bars."""
        return self.scrollable_content_region.size

    @property
    def rows_below(self) -> int:
        return max(len(self.log_lines.rows) - self.scroll_offset.y - self.window.height, 0)

    def add(self, more: NewLines) -> None:
        """Show new lines; the end is followed unless somebody has scrolled up."""
        follows = more.is_all or self.is_vertical_scroll_end
        if more.is_all:
            self.match = -1
            self.log_lines.clear()
        top, lines = self.scroll_offset.y, len(self.log_lines.lines)
        rows_gone = self.log_lines.add(more.lines)
        if rows_gone:
            self.match = -1 if self.match < 0 else max(self.match - (lines - len(self.log_lines.lines)), -1)
        self._measure()
        if follows:
            self.scroll_end(animate=False)
        elif rows_gone:
            self.scroll_to(y=max(top - rows_gone, 0), animate=False)

    def lay_out(self) -> None:
        """Break the lines anew where the width is another; the line at the top stays there, or the end is followed."""
        rows, top = self.log_lines.rows, self.scroll_offset.y
        follows, line = self.is_vertical_scroll_end, rows[top].line if top < len(rows) else 0
        self.log_lines.wrap(max(self.window.width, 1) if self.wraps else None)
        self._measure()
        if follows:
            self.scroll_end(animate=False)
        elif self.log_lines.rows is not rows:
            self.scroll_to(x=0, y=self.log_lines.row_of(line), animate=False)

    def go_to(self, line: int) -> None:
        """Make a line the match and bring it to the middle, unless it is in the window."""
        self.match = line
        row, top, height = self.log_lines.row_of(line), self.scroll_offset.y, self.window.height
        if not top <= row < top + height:
            self.scroll_to(y=max(row - height // 2, 0), animate=False)
        self.refresh()
        self._moved()

    def on_resize(self) -> None:
        self.lay_out()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._moved()

    def _measure(self) -> None:
        self.virtual_size = Size(self.log_lines.width, len(self.log_lines.rows))
        self.refresh()
        self._moved()

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        base, width = self.rich_style, self.window.width
        if top + y >= len(self.log_lines.rows):
            text = "nothing was written yet" if not self.log_lines.rows and y == 0 else ""
            return Strip([Segment(text.ljust(width), base + Style(dim=True))])
        row = self.log_lines.rows[top + y]
        line = self.log_lines.lines[row.line]
        indent = " " * indent_of(line) if row.start else ""
        strip = Strip([Segment(indent, base), *self._segments(row, base)]).extend_cell_length(
            left + width, base
        )
        time = TIME.match(line) if not row.start else None
        stays = min(time.end(), width) if time else 0
        return Strip.join([strip.crop(0, stays), strip.crop(left + stays, left + width)])

    def _segments(self, row: Row, base: Style) -> list[Segment]:
        """Draw a row: time and day dim, the word marked wherever it stands, in the match by another colour."""
        line, dim = self.log_lines.lines[row.line], base + Style(dim=True)
        dim_to = time.end() if (time := TIME.match(line) or DAY.fullmatch(line)) else 0
        mark = base + Style(reverse=True)
        if row.line == self.match:
            mark = base + Style(color=self.app.theme_variables["warning"], reverse=True, bold=True)
        segments, at = [], row.start
        for start, end in [*self.log_lines.marks(row.line), (row.end, row.end)]:
            start, end = max(start, row.start), min(end, row.end)
            if start > end:
                continue
            dims = max(min(dim_to, start), at)
            segments += [
                Segment(line[at:dims], dim),
                Segment(line[dims:start], base),
                Segment(line[start:end], mark),
            ]
            at = max(at, end)
        return [segment for segment in segments if segment.text]


class SearchLine(Horizontal):
    """Line for the word that is searched for, hidden while nobody types."""

    def compose(self) -> ComposeResult:
        yield Static("/", id="log-slash")
        yield Input(placeholder="word", id="log-word", compact=True)

    def on_mount(self) -> None:
        self.display, self.disabled = False, True

    def open(self) -> None:
        self.display, self.disabled = True, False
        # Not focus(), which is done later: the next key may be here already, and would be a command.
        self.screen.set_focus(self.query_one(Input))

    def close(self) -> None:
        self.screen.set_focus(None)
        self.display, self.disabled = False, True


class LogPane(Vertical):
    """Log with a line below it that says what is searched for and what lies outside the window."""

    def __init__(self, run_id: int, *, wraps: bool) -> None:
        super().__init__(id="log")
        self.view = LogView(self._say)
        self.view.wraps = wraps
        self.search_line = SearchLine()
        self._says = TextLine("log-says")
        self._run_id, self._skipped = run_id, 0

    def compose(self) -> ComposeResult:
        yield self.view
        yield self.search_line
        yield self._says

    @property
    def lines(self) -> list[str]:
        """Lines as they are shown."""
        return self.view.log_lines.lines

    @property
    def word(self) -> str:
        """Word that is searched for; empty for none."""
        return self.view.log_lines.word

    def on_mount(self) -> None:
        self.view.lay_out()

    def add(self, more: NewLines) -> None:
        if more.is_all:
            self._skipped = more.skipped
        self.view.add(more)

    # Searching

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.search(plain(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave()

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and not self.search_line.disabled:
            event.stop()
            event.prevent_default()
            self.search_line.query_one(Input).value = ""
            self.search("")
            self._leave()

    def _leave(self) -> None:
        self.search_line.close()
        self._say()
        self.screen.refresh_bindings()

    def search(self, word: str) -> None:
        """Mark a word wherever it stands, and go to its last line; an empty one marks nothing."""
        self.view.match = -1
        self.view.log_lines.search(word)
        if self.view.log_lines.found:
            self.view.go_to(self.view.log_lines.found[-1])
        self.view.refresh()
        self._say()

    # What keys do

    def do_hit(self) -> None:
        """Go to the next line with the word, after the last to the first."""
        if found := self.view.log_lines.found:
            self.view.go_to(next((line for line in found if line > self.view.match), found[0]))

    def do_hit_before(self) -> None:
        """Go to the previous line with the word, before the first to the last."""
        if found := self.view.log_lines.found:
            self.view.go_to(next((line for line in reversed(found) if line < self.view.match), found[-1]))

    def do_unmark(self) -> None:
        self.search_line.query_one(Input).value = ""
        self.search("")
        self.screen.refresh_bindings()

    def do_wrap(self) -> None:
        self.view.wraps = not self.view.wraps
        self.view.lay_out()
        self.post_message(ChoiceMade(wraps_log=self.view.wraps))

    def do_left(self) -> None:
        self.view.scroll_relative(x=-8, animate=False)

    def do_right(self) -> None:
        self.view.scroll_relative(x=8, animate=False)

    def do_up(self) -> None:
        self.view.do_up()

    def do_down(self) -> None:
        self.view.do_down()

    def do_first(self) -> None:
        self.view.do_first()

    def do_last(self) -> None:
        self.view.do_last()

    # The line below

    def _say(self) -> None:
        if self.is_attached:
            self._says.say(self._text())

    def _text(self) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis", style="dim")
        lines, below = self.view.log_lines, self.view.rows_below
        parts = []
        if lines.word:
            place = lines.found.index(self.view.match) + 1 if self.view.match in lines.found else 0
            at = f"{place:,} of {len(lines.found):,}" if place else f"{len(lines.found):,}"
            parts.append(f"/{lines.word}  {at} lines" if lines.found else f"/{lines.word}  not in the log")
        parts.append(f"{below:,} rows below: G follows the end" if below else "")
        if self._skipped:
            size = (self._skipped + MOST_BYTES) / MEGABYTE
            parts.append(f"the end of {size:,.1f} MB: resnet-tui log {self._run_id} prints all")
        return text.append("   ".join(filter(None, parts)))
