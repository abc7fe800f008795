"""List of names with a word for each, narrowed as one types."""

from typing import ClassVar, TypeVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.formatting import fitted, plain
from tui.textual_internals import Dialog

T = TypeVar("T")
NAME_CELLS, WORD_CELLS = 22, 44
SHOWN, NEVER = "x", "–"
"""Signs of what is shown and what is not."""


class NameField(Input):
    """Field for a part of a name, which has no spaces: that key acts on the list."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key != "space" and super().check_consume_key(key, character)


class NarrowingScreen(Dialog[T]):
    """Dialog with a field and the names that have what is typed there in them, or in their words. `one|other` leaves
    those that have one of the two."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick('enter')", priority=True),
        Binding("space", "pick('space')", priority=True),
        Binding("up", "move('cursor_up')", priority=True),
        Binding("down", "move('cursor_down')", priority=True),
        Binding("pageup", "move('page_up')", priority=True),
        Binding("pagedown", "move('page_down')", priority=True),
        Binding("escape", "leave", priority=True),
    ]
    TITLE_TEXT: ClassVar[str] = ""
    KEYS: ClassVar[str] = ""

    def __init__(self, words: dict[str, str], start: str = "") -> None:
        """`words`: what each name means. `start`: the name that is highlighted first."""
        super().__init__()
        self._words, self._start = words, start
        self._asked: str | None = None
        """Text that the list is narrowed by; None before it is filled."""

    def mark(self, _name: str) -> str:
        """Return the sign before a name: one cell."""
        return " "

    def picked(self, name: str, key: str) -> None:
        """Do what `enter`, `space` or a `click` on a name does."""
        raise NotImplementedError

    @property
    def listed(self) -> list[str]:
        """Names that what is typed leaves."""
        return [option.id for option in self.query_one(OptionList).options if option.id is not None]

    def left(self) -> None:
        """Do what `escape` does."""
        self.dismiss(None)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self.TITLE_TEXT, markup=False)
            yield NameField(placeholder="type to narrow", compact=True)
            yield OptionList(markup=False)
            yield Static(self.KEYS, classes="dim", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._narrow("")
        names = list(self._words)
        self.query_one(OptionList).highlighted = names.index(self._start) if self._start in names else 0

    def _line(self, name: str) -> Text:
        line = Text(f"{self.mark(name)} {fitted(name, NAME_CELLS)} ")
        return line.append(fitted(plain(self._words[name]), WORD_CELLS), style="dim")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    def _narrow(self, text: str) -> None:
        """Show the names that fit, those that begin with the text first."""
        asked, found = text.strip().lower(), self.query_one(OptionList)
        if asked == self._asked:
            return
        self._asked = asked
        parts = tuple(part for part in asked.split("|") if part) or ("",)

        def is_in(text: str) -> bool:
            return any(part in text for part in parts)

        fitting = [name for name, words in self._words.items() if is_in(f"{name} {words}".lower())]
        fitting.sort(key=lambda name: (not name.startswith(parts), not is_in(name)))
        found.clear_options()
        found.add_options([Option(self._line(name), name) for name in fitting])
        found.highlighted = 0 if fitting else None

    def draw_again(self, name: str) -> None:
        self.query_one(OptionList).replace_option_prompt(name, self._line(name))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.picked(event.option_id or "", "click")

    def action_pick(self, key: str) -> None:
        self._narrow(self.query_one(Input).value)  # a burst of keys comes before the field tells of its text
        option = self.query_one(OptionList).highlighted_option
        if option is not None and option.id is not None:
            self.picked(option.id, key)

    def action_move(self, how: str) -> None:
        """Move the highlight: `cursor_up`, `cursor_down`, `page_up` or `page_down`."""
        getattr(self.query_one(OptionList), f"action_{how}")()

    def action_leave(self) -> None:
        self.left()
