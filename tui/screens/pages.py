"""Screens of pages, one of which is visible: numbers turn to them, other keys go to the visible one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from tui.commands import Command
from tui.screens.chart_saving import save_chart
from tui.screens.full_screen import FeedScreen, Handlers
from tui.widgets.curves_pane import CurvesPane
from tui.widgets.kept_choice import ChoiceMade
from tui.widgets.pages_body import PagesBody
from tui.widgets.pictured import SaveWanted

T = TypeVar("T")


class PagedScreen(FeedScreen[T]):
    """Composes a Static `#pages` and `body`, whose panes have the keys as `do_…` methods."""

    body: PagesBody
    """All pages; made as the screen is composed."""
    page = ""

    @property
    def pane(self) -> Widget:
        """Widget of the visible page."""
        return self.body.panes[self.page]

    def reveal(self, passes: int = 1) -> None:
        was_revealed = self.is_revealed
        super().reveal(passes)
        if self.is_revealed and not was_revealed:
            self.call_after_refresh(self.get_ready)

    async def get_ready(self) -> None:
        await self.body.mount_rest()

    def draw_page(self) -> None:
        """Draw the visible page from the newest view."""
        raise NotImplementedError

    def turn_to(self, page: str) -> None:
        before, self.page = self.page, page
        words = Text(no_wrap=True, overflow="ellipsis")
        for number, each in enumerate(self.body.names, 1):
            part = Text.assemble(
                (f" {number} ", "dim"), (f"{each}  ", "bold reverse" if each == page else "dim")
            )
            part.apply_meta({"@click": f"screen.command('show_{each}')"})
            words.append_text(part)
        self.query_one("#pages", Static).update(words)
        self.body.turn(before, page, self.draw_page)
        self.refresh_bindings()

    def page_handlers(self) -> Handlers:
        return {f"show_{page}": partial(self.turn_to, page) for page in self.body.names}

    def on_save_wanted(self, message: SaveWanted) -> None:
        save_chart(self, message.picture)

    def on_choice_made(self, message: ChoiceMade) -> None:
        self.port.change_preferences(**message.preferences)

    def on_curves_pane_charts_wanted(self, message: CurvesPane.ChartsWanted) -> None:
        from tui.screens.choose_charts import ChartsScreen  # the page waits for no list of charts
        from tui.views.chart_choice import hidden_text

        def chosen(hidden: frozenset[str] | None) -> None:
            if hidden is not None:
                self.port.change_preferences(hidden_charts=hidden_text(hidden))
                message.pane.hide(hidden)

        self.app.push_screen(ChartsScreen(self.port.preferences.charts_hidden, message.pane.keys), chosen)

    def do(self, command: Command) -> None:
        if not command.pane_key:
            super().do(command)
            return
        key: Callable[[], None] = getattr(self.pane, f"do_{command.pane_key}")
        key()

    def offers(self, command: Command) -> bool | None:
        """Offer a page only the keys that it does something with."""
        return super().offers(command) if self.page in self.body.with_key(command.pane_key) else False

    def why_not(self, command: Command) -> str:
        pages = self.body.with_key(command.pane_key)
        return super().why_not(command) or ("" if self.page in pages else elsewhere(self.body.names, pages))


def elsewhere(pages: Sequence[str], those: Sequence[str]) -> str:
    """Name the pages that have a command, with their numbers."""
    named = ", ".join(f"{pages.index(each) + 1} {each}" for each in those)
    return f"on {'page' if len(those) == 1 else 'pages'} {named}"
