"""A screen of pages, one of which is seen: numbers turn to them, other keys go to the seen one."""

from collections.abc import Callable
from typing import Any, ClassVar

from rich.text import Text
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static


class PagedScreen(Screen[Any]):
    """Composes a Static `#pages` and for each page a widget of its name, whose `do_…` methods are its keys."""

    PAGES: ClassVar[tuple[str, ...]]

    page = ""

    @property
    def pane(self) -> Widget:
        return self.query_one(f"#{self.page}")

    def draw_page(self) -> None:
        """Draw what is seen, with what is known now."""
        raise NotImplementedError

    def turn_to(self, page: str) -> None:
        self.page = page
        for each in self.PAGES:
            self.query_one(f"#{each}").display = each == page
        words = Text(no_wrap=True, overflow="ellipsis")
        for number, each in enumerate(self.PAGES, 1):
            part = Text.assemble(
                (f" {number} ", "dim"), (f"{each}  ", "bold reverse" if each == page else "dim")
            )
            part.apply_meta({"@click": f"screen.page('{each}')"})
            words.append_text(part)
        self.query_one("#pages", Static).update(words)
        self.draw_page()
        self.refresh_bindings()

    def action_page(self, page: str) -> None:
        self.turn_to(page)

    def action_on_page(self, name: str) -> None:
        act: Callable[[], None] | None = getattr(self.pane, f"do_{name}", None)
        if act is not None:
            act()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A page has only the keys that it does something with."""
        if action == "on_page":
            return hasattr(self.pane, f"do_{parameters[0]}") if self.is_mounted else False
        return True
