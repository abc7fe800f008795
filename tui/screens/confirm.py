"""Question before something is lost."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.screens.app_port import port_of


class ConfirmScreen(ModalScreen[bool]):
    """Dialog that `y` agrees to; enter, which comes easily, does not, nor does what was typed before it was seen."""

    BINDINGS = [("y", "answer(True)", "yes"), ("n,escape,q,enter", "answer(False)", "no")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question
        self.is_seen = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, markup=False)
            yield Static("y yes   n no", classes="dim")

    def on_mount(self) -> None:
        self.call_after_refresh(self._seen)

    def _seen(self) -> None:
        port_of(self).ignore_typed_so_far()
        self.is_seen = True

    def action_answer(self, agreed: bool) -> None:
        if self.is_seen or not agreed:
            self.dismiss(agreed)
