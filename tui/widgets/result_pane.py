"""Result of a comparison in words: which are told apart, on what grounds, and what more would tell."""

from collections.abc import Callable

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from engine.files.paths import Home
from tui.feeds.comparison_told import Asked, Told, asked_of, read_told
from tui.feeds.reader_thread import ReaderThread
from tui.formatting import fitted
from tui.views.compared import Compared
from tui.widgets.scrolling import Scrolling

READING = "comparing the predictions on the test images …"


class ResultPane(Scrolling, VerticalScroll, can_focus=False):
    """Works the comparison out in a thread, anew where a run has another epoch or has ended."""

    class Found(Message):
        """Result of a comparison. An older one that still waits is of no use."""

        def __init__(self, asked: Asked, told: Told) -> None:
            super().__init__()
            self.asked, self.told = asked, told

    def __init__(self, home: Home, crashed: Callable[[Exception], object]) -> None:
        """`crashed` takes an unexpected error of a comparison, in its thread."""
        super().__init__(id="result")
        self._home = home
        self._asked: Asked | None = None
        self._told: Told | None = None
        self._reader = ReaderThread[Asked]("comparison", self._read, crashed)

    def compose(self) -> ComposeResult:
        yield Static(READING, id="result-text", markup=False)

    def on_unmount(self) -> None:
        self._reader.stop()

    def on_resize(self) -> None:
        self._draw()

    def show(self, compared: Compared) -> None:
        asked = asked_of(compared.views)
        if asked != self._asked:
            self._asked = asked
            self._reader.ask(asked)

    def _read(self, asked: Asked) -> None:
        self.post_message(self.Found(asked, read_told(self._home, asked)))

    def on_result_pane_found(self, message: Found) -> None:
        if message.asked == self._asked:
            self._told = message.told
            self._draw()

    def _draw(self) -> None:
        if self._told is not None and self.size.width:
            self.query_one("#result-text", Static).update(result_text(self._told, self.size.width))


def result_text(told: Told, width: int) -> Text:
    """Write the verdict of each pair, then each in a paragraph, the sides' accuracies and what is said of them."""
    if told.problem:
        return Text(told.problem)
    text = Text()
    names = max((cell_len(pair.name) for pair in told.pairs), default=0)
    if len(told.pairs) > 1:
        for pair in told.pairs:
            text.append(fitted(pair.name, min(names, max(width - 20, 12))))
            text.append(f"  {pair.verdict}\n", style="bold" if pair.is_told_apart else "dim")
        text.append("\n")
    for pair in told.pairs:
        if len(told.pairs) == 1:
            text.append(f"{pair.verdict}\n", style="bold")
        text.append(f"{pair.paragraph}\n\n")
    sides = max((cell_len(name) for name, _ in told.sides), default=0)
    for name, accuracy in told.sides:
        text.append(f"{fitted(name, sides)}  ", style="bold").append(f"{accuracy}\n")
    if told.remarks:
        text.append("\n" + "\n".join(told.remarks), style="dim")
    return text
