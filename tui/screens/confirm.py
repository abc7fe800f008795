"""Questions: before something is lost, and what may be done next."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from tui.textual_internals import Question


class ConfirmScreen(Question):
    """Dialog that `y` agrees to; enter, which comes easily, does not, nor does what was typed before it was seen."""

    BINDINGS = [("y", "answer(True)", "yes"), ("n,escape,q,enter", "answer(False)", "no")]
    KEYS = "y yes   n no"

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, markup=False)
            yield Static(self.KEYS, classes="dim")

    def action_answer(self, agreed: bool) -> None:
        if self.is_seen or not agreed:
            self.dismiss(agreed)


class OfferScreen(ConfirmScreen):
    """Offer of the next step, which enter takes: nothing is lost by it."""

    BINDINGS = [("enter,y", "answer(True)", "yes"), ("n,escape,q", "answer(False)", "no")]
    KEYS = "enter yes   esc not now"
