"""Dialog for a line of text that a command needs: a note, tags."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui.formatting import plain
from tui.textual_internals import Dialog


class AskScreen(Dialog[str | None]):
    """Prompt for a line; closes with it at enter, with None at escape."""

    BINDINGS = [("escape", "leave", "back")]

    def __init__(
        self,
        question: str,
        value: str = "",
        placeholder: str = "",
        problem_of: Callable[[str], str] = lambda _text: "",
    ) -> None:
        """`problem_of` returns why a line is not taken, which is said; empty where it is."""
        super().__init__()
        self._question, self._value, self._placeholder = question, value, placeholder
        self._problem_of = problem_of

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, markup=False)
            yield Input(self._value, placeholder=self._placeholder)
            yield Static("enter keep   esc back", id="ask-keys", classes="dim", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if problem := self._problem_of(event.value):
            self.query_one("#ask-keys", Static).update(f"✖ {plain(problem)}")
        else:
            self.dismiss(event.value)

    def action_leave(self) -> None:
        self.dismiss(None)
