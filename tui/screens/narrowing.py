"""List of names with a word for each, narrowed as one types."""

from typing import ClassVar, TypeVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.formatting import plain

T = TypeVar("T")
NAME_CELLS = 24


class NarrowingScreen(ModalScreen[T]):
    """Dialog with a field and the names that have what is typed there in them, or in their words."""

    TITLE_TEXT: ClassVar[str] = ""
    KEYS: ClassVar[str] = ""

    def __init__(self, words: dict[str, str], start: str = "") -> None:
        """`words`: what each name means. `start`: the name that is highlighted first."""
        super().__init__()
        self._words, self._start = words, start

    def mark(self, _name: str) -> str:
        """Return the sign before a name: one cell."""
        return " "

    def picked(self, name: str, key: str) -> None:
        """Do what `enter` or `space` on a name does."""
        raise NotImplementedError

    def left(self) -> None:
        """Do what `escape` does."""
        self.dismiss(None)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self.TITLE_TEXT, markup=False)
            yield Input(placeholder="type to narrow", compact=True)
            yield OptionList(markup=False)
            yield Static(self.KEYS, classes="dim", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._narrow("")
        names = list(self._words)
        self.query_one(OptionList).highlighted = names.index(self._start) if self._start in names else 0

    def _line(self, name: str) -> Text:
        line = Text(f"{self.mark(name)} {name:<{NAME_CELLS}} ", no_wrap=True, overflow="ellipsis")
        return line.append(plain(self._words[name]), style="dim")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    def _narrow(self, text: str) -> None:
        """Show the names that fit, those that begin with the text first."""
        asked, found = text.strip().lower(), self.query_one(OptionList)
        fitting = [name for name, words in self._words.items() if asked in f"{name} {words}".lower()]
        fitting.sort(key=lambda name: (not name.startswith(asked), asked not in name))
        found.clear_options()
        found.add_options([Option(self._line(name), name) for name in fitting])
        found.highlighted = 0 if fitting else None

    def draw_again(self, name: str) -> None:
        self.query_one(OptionList).replace_option_prompt(name, self._line(name))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.picked(event.option_id or "", "enter")

    def on_key(self, event: events.Key) -> None:
        found = self.query_one(OptionList)
        move = {"up": found.action_cursor_up, "down": found.action_cursor_down}.get(event.key)
        move = move or {"pageup": found.action_page_up, "pagedown": found.action_page_down}.get(event.key)
        if move is not None:
            move()
        elif event.key in ("enter", "space"):
            option = found.highlighted_option
            if option is not None and option.id is not None:
                self.picked(option.id, event.key)
        elif event.key == "escape":
            self.left()
        else:
            return
        event.stop()
        event.prevent_default()
