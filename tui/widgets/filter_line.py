"""Filter of the table: every key shows its effect."""

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from tui.views.run_list import FilterError, Term, parse_filter


class FilterLine(Horizontal):
    """Filter line, hidden while it is empty and not in use."""

    class Changed(Message):
        def __init__(self, terms: tuple[Term, ...]) -> None:
            super().__init__()
            self.terms = terms

    class Left(Message):
        """Enter or escape: the table gets the keys again."""

    def __init__(self) -> None:
        super().__init__()
        self._wrong = self._waits = self._leaves = False
        """The text is wrong, the table shows more than it names, or the line was left meanwhile."""

    def compose(self) -> ComposeResult:
        yield Static("/", id="slash")
        yield Input(
            placeholder="arch:resnet18 lr>0.001 optimizer:sgd status:done -tag:old text",
            id="filter",
            compact=True,
        )
        yield Static(id="filter-says", markup=False)

    def on_mount(self) -> None:
        self.display, self.disabled = False, True  # disabled, it never gets keys by itself

    @property
    def text(self) -> str:
        return self.query_one(Input).value

    def open(self) -> None:
        self.display, self.disabled = True, False
        # Not focus(), which is done later: the next key may be here already, and would be a command.
        self.screen.set_focus(self.query_one(Input))

    def clear(self) -> bool:
        """False where there was no filter."""
        had = bool(self.text)
        self._wrong = self._waits = self._leaves = False
        self.query_one(Input).value = ""
        self.display, self.disabled = False, True
        return had

    def say(self, text: str) -> None:
        """Say how many runs fit; not while the text is wrong."""
        self._waits = False
        if not self._wrong:
            self.query_one("#filter-says", Static).update(text)
            if self._leaves:
                self._leave()

    def wait_for(self, text: str) -> None:
        """Say what is read for the filter. Until it is, the line keeps the keys: they would act on runs that the filter
        does not name."""
        if not self._wrong:
            self.query_one("#filter-says", Static).update(text)
            self._waits = True

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._waits = self._leaves = False
        says = self.query_one("#filter-says", Static)
        try:
            terms = parse_filter(event.value)
        except FilterError as error:
            self._wrong = True
            says.update(str(error))
        else:
            self._wrong = False
            says.update("")
            self.post_message(self.Changed(terms))
        says.set_class(self._wrong, "wrong")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("escape", "down"):
            event.stop()
            event.prevent_default()
            if event.key == "escape":
                self.clear()
            self._leave()

    def _leave(self) -> None:
        """Not with a text that means nothing, or before all is read: what is shown would not be what it says."""
        self._leaves = self._waits and not self._wrong
        if not self._wrong and not self._waits:
            self.display, self.disabled = bool(self.text), True
            self.post_message(self.Left())
