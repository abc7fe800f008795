"""List of lines below a heading, with a cursor: only visible lines are made, so ten thousand scroll like ten."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.reactive import reactive
from textual.scroll_view import ScrollView

HEAD = 1


class LineList(ScrollView, can_focus=True):
    """Base of a table whose lines have keys; it moves the cursor and keeps it in view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move_by(-1)", show=False),
        Binding("down", "move_by(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    cursor_row: reactive[int] = reactive(0, repaint=False)

    @property
    def shown(self) -> tuple[int, ...]:
        """Keys of all lines, in order."""
        raise NotImplementedError

    def moved(self) -> None:
        """Do what a move of the cursor entails."""

    @property
    def row_count(self) -> int:
        return len(self.shown)

    @property
    def key(self) -> int | None:
        """Highlighted line; None in an empty table."""
        return self.shown[self.cursor_row] if 0 <= self.cursor_row < len(self.shown) else None

    def in_window(self) -> tuple[int, ...]:
        """Return the lines that the window holds."""
        top = self.scroll_offset.y
        return self.shown[top : top + max(self.size.height - HEAD, 0)]

    def redraw(self, keys: Iterable[int]) -> None:
        """Draw those of these lines again that are visible."""
        places = {key: place for place, key in enumerate(self.in_window())}
        for key in keys:
            if key in places:
                self.refresh(Region(0, HEAD + places[key], self.size.width, 1))

    def move_to(self, row: int) -> None:
        """Move the cursor to a line, or to the nearest there is."""
        if self.shown:
            before, self.cursor_row = self.cursor_row, max(0, min(row, len(self.shown) - 1))
            self.keep_in_view()
            for each in {before, self.cursor_row}:
                self.refresh(Region(0, each - self.scroll_offset.y + HEAD, self.size.width, 1))
            self.moved()

    def action_move_by(self, rows: int) -> None:
        self.move_to(self.cursor_row + rows)

    def action_page(self, pages: int) -> None:
        self.move_to(self.cursor_row + pages * max(self.size.height - HEAD - 1, 1))

    def keep_in_view(self) -> None:
        """Scroll as little as brings the cursor into view."""
        lines = max(self.size.height - HEAD, 1)
        top = self.scroll_offset.y
        wanted = min(max(top, self.cursor_row - lines + 1), self.cursor_row)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, immediate=True)
