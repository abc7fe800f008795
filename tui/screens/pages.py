"""Screens of pages, one of which is visible: numbers turn to them, other keys go to the visible one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from tui.commands import Command
from tui.screens.chart_saving import save_chart
from tui.screens.full_screen import FeedScreen, Handlers
from tui.widgets.curves_pane import CurvesPane
from tui.widgets.epoch_cursor import EpochPane
from tui.widgets.pictured import SaveWanted

T = TypeVar("T")


class PagedScreen(FeedScreen[T]):
    """Composes a Static `#pages` and for each page a widget of its name, whose `do_…` methods are its keys."""

    PAGES: ClassVar[tuple[str, ...]]

    page = ""
    _epoch: int | None = None
    """Epoch that was chosen on a page of this screen; all its pages look at it."""
    _epoch_before: int | None = None
    """Epoch of the visible page when it was turned to."""

    @property
    def pane(self) -> Widget:
        """Widget of the visible page."""
        return self.query_one(f"#{self.page}")

    def draw_page(self) -> None:
        """Draw the visible page from the newest view."""
        raise NotImplementedError

    def turn_to(self, page: str) -> None:
        self._take_epoch()
        self.page = page
        for each in self.PAGES:
            self.query_one(f"#{each}").display = each == page
        words = Text(no_wrap=True, overflow="ellipsis")
        for number, each in enumerate(self.PAGES, 1):
            part = Text.assemble(
                (f" {number} ", "dim"), (f"{each}  ", "bold reverse" if each == page else "dim")
            )
            part.apply_meta({"@click": f"screen.command('show_{each}')"})
            words.append_text(part)
        self.query_one("#pages", Static).update(words)
        self.draw_page()
        self._give_epoch()
        self.refresh_bindings()

    def _take_epoch(self) -> None:
        """Keep the epoch that was chosen on the page that is left."""
        if self.page and isinstance(pane := self.pane, EpochPane) and pane.epoch != self._epoch_before:
            self._epoch = pane.epoch

    def _give_epoch(self) -> None:
        if isinstance(pane := self.pane, EpochPane):
            pane.look_at(self._epoch)
            self._epoch_before = pane.epoch

    def page_handlers(self) -> Handlers:
        return {f"show_{page}": partial(self.turn_to, page) for page in self.PAGES}

    def on_save_wanted(self, message: SaveWanted) -> None:
        save_chart(self, message.picture)

    def on_curves_pane_smoothed(self, message: CurvesPane.Smoothed) -> None:
        self.port.change_preferences(smoothing=message.smoothing)

    def do(self, command: Command) -> None:
        if not command.pane_key:
            super().do(command)
            return
        key: Callable[[], None] = getattr(self.pane, f"do_{command.pane_key}")
        key()

    def offers(self, command: Command) -> bool | None:
        """Offer a page only the keys that it does something with."""
        if command.pane_key and self.page not in self._pages_with(command):
            return False
        return super().offers(command)

    def why_not(self, command: Command) -> str:
        pages = self._pages_with(command)
        return super().why_not(command) or ("" if self.page in pages else elsewhere(self.PAGES, pages))

    def _pages_with(self, command: Command) -> tuple[str, ...]:
        """Return the pages that have a command."""
        if not command.pane_key:
            return self.PAGES
        return tuple(
            each for each in self.PAGES if hasattr(self.query_one(f"#{each}"), f"do_{command.pane_key}")
        )


def elsewhere(pages: Sequence[str], those: Sequence[str]) -> str:
    """Name the pages that have a command, with their numbers."""
    named = ", ".join(f"{pages.index(each) + 1} {each}" for each in those)
    return f"on {'page' if len(those) == 1 else 'pages'} {named}"
