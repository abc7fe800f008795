"""Question before something is lost."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static


class ConfirmScreen(ModalScreen[bool]):
    """Dialog that `y` agrees to; enter, which comes easily, does not."""

    BINDINGS = [("y", "answer(True)", "yes"), ("n,escape,q,enter", "answer(False)", "no")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, markup=False)
            yield Static("y yes   n no", classes="dim")

    def action_answer(self, agreed: bool) -> None:
        self.dismiss(agreed)
