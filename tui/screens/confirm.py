"""Questions: before something is lost, and what may be done next."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.screens.app_port import port_of


class ConfirmScreen(ModalScreen[bool]):
    """Dialog that `y` agrees to; enter, which comes easily, does not, nor does what was typed before it was seen."""

    BINDINGS = [("y", "answer(True)", "yes"), ("n,escape,q,enter", "answer(False)", "no")]
    KEYS = "y yes   n no"

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question
        self.is_seen = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, markup=False)
            yield Static(self.KEYS, classes="dim")

    def on_mount(self) -> None:
        self.call_after_refresh(self._seen)

    def _seen(self) -> None:
        port_of(self).ignore_typed_so_far()
        self.is_seen = True

    def action_answer(self, agreed: bool) -> None:
        if self.is_seen or not agreed:
            self.dismiss(agreed)


class OfferScreen(ConfirmScreen):
    """Offer of the next step, which enter takes: nothing is lost by it."""

    BINDINGS = [("enter,y", "answer(True)", "yes"), ("n,escape,q", "answer(False)", "no")]
    KEYS = "enter yes   esc not now"
