"""Journal of what happened since the last visit, a line for each event."""

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.formatting import plain

NOTHING = ("nothing happened since your last visit", "resnet-tui news --since 2d looks further back")


class JournalScreen(ModalScreen[None]):
    """Journal. Any of the usual keys closes it."""

    BINDINGS = [("escape,q,enter,i", "dismiss", "back")]

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        head, *rest = map(plain, self._lines or NOTHING)
        with VerticalScroll(id="dialog"):
            yield Static(Text(head, style="bold"))
            for line in rest:
                yield Static(Text(line))
            yield Static(Text("\nesc back", style="dim"))
