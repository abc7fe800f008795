"""Screen of several runs and groups: curves, numbers, settings that differ, differences of matrices, scores, result."""

from collections.abc import Iterable, Sequence

from rich.text import Text
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from engine.files.paths import Home
from engine.spec.grid import SpecError
from engine.store.errors import StoreError
from tui import commands
from tui.feeds.compare_feed import CompareFeed
from tui.screens.file_actions import report_dialog
from tui.screens.full_screen import Handlers
from tui.screens.pages import PagedScreen
from tui.views.compared import Compared, compare_panels, count_text
from tui.widgets.compare_panes import TablePane, key_text
from tui.widgets.curves_pane import ComparedCurvesPane, CurvesPane
from tui.widgets.difference_pane import DifferencePane
from tui.widgets.pages_body import PagesBody
from tui.widgets.result_pane import ResultPane
from tui.widgets.score_pane import ComparedScorePane

READING = "reading epochs, losses and confusion matrices of {} runs"


class CompareScreen(PagedScreen[None]):
    TABLE = commands.COMPARE
    BINDINGS = commands.bindings(TABLE)
    POLL_S = 0.5
    FEED_ERRORS = (StoreError, SpecError)

    class Progress(Message):
        """Number of runs that have been read. An older one that still waits is of no use."""

        def __init__(self, runs: int) -> None:
            super().__init__()
            self.runs = runs

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, CompareScreen.Progress)

    def __init__(self, home: Home, subjects: Sequence[Sequence[int]]) -> None:
        """`subjects`: the runs of each that is compared, several for a group."""
        super().__init__()
        self._home, self._subjects = home, tuple(map(tuple, subjects))
        self._run_ids = {run_id for run_ids in self._subjects for run_id in run_ids}
        self._is_over = False
        self._compared: Compared | None = None

    def handlers(self) -> Handlers:
        return {**self.page_handlers(), "report": self._report, "help": self.open_help, "leave": self.leave}

    def _report(self) -> None:
        self.app.push_screen(report_dialog(self._home, sorted(self._run_ids)))

    def compose_head(self) -> Widget:
        return Static(id="compare-head", markup=False)

    def compose_body(self) -> Iterable[Widget]:
        yield Static(id="pages", markup=False)
        yield Static(id="key", markup=False)
        self.body = PagesBody(
            [
                ComparedCurvesPane(
                    self.port.preferences.smoothing, compare_panels(), self.port.preferences.charts_hidden
                ),
                TablePane("numbers"),
                TablePane("settings"),
                DifferencePane(self._home, self.raise_from_thread),
                ComparedScorePane(self._home, self.raise_from_thread),
                ResultPane(self._home, self.raise_from_thread),
            ]
        )
        yield self.body

    def on_mount(self) -> None:
        self.turn_to(self.body.names[0])
        self._say_reading(0)

    def open_feed(self) -> CompareFeed:
        """Open the feed, in its thread, where it also says how far it is."""
        return CompareFeed(self._home, self._subjects, lambda runs: self.post_message(self.Progress(runs)))

    def on_compare_screen_progress(self, message: Progress) -> None:
        self._say_reading(message.runs)

    def _say_reading(self, runs: int) -> None:
        """Say what is read while there is nothing to draw yet, and how far that is once it takes long."""
        if self._compared is None and self.is_whole:
            progress = f": {runs} of them read" if runs else ""
            self.query_one("#key", Static).update(f"{READING.format(len(self._run_ids))}{progress} …")

    def show_view(self, view: object) -> None:
        assert isinstance(view, Compared)
        left = set(view.run_ids)
        if gone := sorted(self._run_ids - left):
            self._run_ids = left
            text = f"removed meanwhile: {', '.join(f'#{each}' for each in gone)}"
            self.notify(text, severity="warning")
        if len(view.views) < 2:
            self._is_over = True
            self.on_screen_resume()
            return
        self._compared = view.keeping(self._compared)
        with self.app.batch_update():
            self.draw_page()

    def on_compared_curves_pane_front_moved(self, message: ComparedCurvesPane.FrontMoved) -> None:
        if self._compared is not None:
            self._compared = self._compared.moved(message.by)
            self.draw_page()

    def on_screen_resume(self) -> None:
        """Leave when there is nothing to compare any more, but not while another screen lies above."""
        if self._is_over and self.app.screen is self:  # is_current is also said below a dialog
            self.dismiss()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw_page)

    def draw_page(self) -> None:
        compared = self._compared
        key = self.query_one("#key", Static)
        key.display = self.page == "curves" or compared is None
        if compared is None:
            return
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(count_text(compared.views), style="bold")
        differing = ", ".join(compared.differing) or "nothing"
        head.append(f"   differ in {differing}", style="dim")
        self.query_one("#compare-head", Static).update(head)
        key.update(key_text(compared, max(self.size.width - 2, 10)))
        pane = self.pane
        if isinstance(pane, (CurvesPane, TablePane, DifferencePane, ComparedScorePane, ResultPane)):
            pane.show(compared)
