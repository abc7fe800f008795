"""Table of runs with the highlighted one beside or below it, and the border between them, which mouse and keys move."""

import math
from collections.abc import Callable

from textual import events
from textual.containers import Container
from textual.widget import Widget

BORDER_COLUMNS = 2
"""Empty columns between the two where they are beside each other; where not, the border is the lower one's title."""
WHOLE = 1_000


class SplitBody(Container):
    """Two panes. The share of the first, one for each layout, is in thousandths; 0 for that of the sheet."""

    def __init__(self, moved: Callable[[bool, int], object]) -> None:
        """`moved` takes whether the panes are beside each other, and the first one's new share, once it is settled."""
        super().__init__(id="body")
        self._moved = moved
        self._shares = {True: 0, False: 0}
        self._grip: int | None = None
        """Distance of the mouse from the border while it is dragged."""

    def restore(self, *, beside: int, above: int) -> None:
        """Take the shares of the last time, which a person may have written."""
        self._shares = {True: _within(beside), False: _within(above)}
        self._apply()

    def on_resize(self) -> None:
        self._apply()

    @property
    def is_beside(self) -> bool:
        return self.screen.has_class("-wide")

    @property
    def _panes(self) -> tuple[Widget, Widget]:
        first, second = self.children
        return first, second

    @property
    def has_border(self) -> bool:
        """True while both panes are shown."""
        return all(pane.display for pane in self._panes)

    def _apply(self) -> None:
        """Give the panes their shares of the width or the height; the other one is the sheet's."""
        share = self._shares[self.is_beside]
        for pane, part in zip(self._panes, (share, WHOLE - share), strict=True):
            size = f"{part}fr" if share else None
            pane.styles.width, pane.styles.height = (size, None) if self.is_beside else (None, size)

    # What moves the border

    def move_by(self, cells: int) -> None:
        """Move the border to the right or down, or back where `cells` is negative."""
        if self.has_border:
            self._move_to(self._border() + cells)
            self._settle()

    def reset(self) -> None:
        """Put the border of this layout back to its usual place."""
        self._shares[self.is_beside] = 0
        self._apply()
        self._settle()

    @property
    def _room(self) -> int:
        return self.content_size.width if self.is_beside else self.content_size.height

    def _border(self) -> int:
        """Return the first pane's columns or lines, also where it is not laid out anew yet."""
        if share := self._shares[self.is_beside]:
            return share * self._room // WHOLE
        usual = self._panes[0].outer_size
        return usual.width if self.is_beside else usual.height

    def _move_to(self, cells: int) -> None:
        """Give the first pane so many cells, as far as both keep their least sizes."""
        first, second = map(self._least, self._panes)
        if self._room:
            cells = max(min(cells, self._room - second), first)
            share = math.ceil(cells / self._room * WHOLE)  # a layout rounds down
            self._shares[self.is_beside] = _within(share)
            self._apply()

    def _least(self, pane: Widget) -> int:
        least = pane.styles.min_width if self.is_beside else pane.styles.min_height
        return int(least.value) if least is not None else 1

    def _settle(self) -> None:
        self._moved(self.is_beside, self._shares[self.is_beside])

    # The mouse

    def _from_border(self, event: events.MouseEvent) -> int | None:
        """Return how far right of or below the border's beginning the mouse is; None elsewhere."""
        if not self.has_border:
            return None
        second = self._panes[1].region
        if not second.contains(event.screen_x, event.screen_y):
            return None
        off = event.screen_x - second.x if self.is_beside else event.screen_y - second.y
        return off if off < (BORDER_COLUMNS if self.is_beside else 1) else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._grip = self._from_border(event)
        if self._grip is not None:
            self.capture_mouse()
            self.add_class("-grip")

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._grip is None:
            self.set_class(self._from_border(event) is not None, "-grip")
            return
        at = event.screen_x - self.region.x if self.is_beside else event.screen_y - self.region.y
        self._move_to(at - self._grip)

    def on_mouse_up(self) -> None:
        if self._grip is not None:
            self._grip = None
            self.release_mouse()
            self.remove_class("-grip")
            self._settle()

    def on_leave(self) -> None:
        if self._grip is None:
            self.remove_class("-grip")

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2 and self._from_border(event) is not None:
            self.reset()


def _within(share: int) -> int:
    return min(max(share, 0), WHOLE - 1)
