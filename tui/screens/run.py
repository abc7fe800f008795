"""Screen of one run: curves, confusion, log, spec, scores, and above them its findings."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from textual.app import App
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.files.paths import Home
from engine.spec.grid import SpecError
from engine.spec.run_spec import RunSpec
from engine.store.errors import QueueError, StoreError
from tui import commands
from tui.commands import Command
from tui.detail_view import FindingView
from tui.feeds.reader_thread import FeedThread, start_once
from tui.feeds.run_feed import RunFeed
from tui.feeds.run_log import LogFile, NewLines
from tui.run_row import RunRow
from tui.screens.copying import CopyActions
from tui.screens.data import DataScreen
from tui.screens.file_actions import FileActions
from tui.screens.form_actions import FormActions
from tui.screens.full_screen import Handlers
from tui.screens.pages import PagedScreen, elsewhere
from tui.screens.run_actions import RunActions
from tui.screens.run_needs import lacking
from tui.screens.text_prompt import AskScreen
from tui.store_calls import Refused, stored_runs
from tui.views.cell_images import Place
from tui.views.pins import pinned_beside
from tui.views.run_head import head_text
from tui.views.run_view import RunView
from tui.widgets.clipped import Clipped
from tui.widgets.curves_pane import CurvesPane
from tui.widgets.failure import failure_text
from tui.widgets.findings_text import findings_text
from tui.widgets.log_pane import LogPane
from tui.widgets.matrix_pane import MatrixPane
from tui.widgets.pages_body import PagesBody
from tui.widgets.score_pane import RunScorePane
from tui.widgets.spec_pane import SpecPane
from tui.widgets.system_pane import SystemPane
from tui.widgets.text_line import TextLine

PAGE_OF = {"search": "log", "compare_spec": "spec"}
"""Commands of the screen that one page alone has."""
NEEDS_WORD, FREE_FROM_WORD = frozenset({"log_hit", "log_hit_before", "log_unmark"}), frozenset({"note"})
"""Commands that the log has while it is searched for a word, and those whose keys they take meanwhile."""
NO_WAY_OUT = "the findings suggest no change"
LINES_LOW, LINES_TALL = 3, 6
"""Lines of a failed run's log below the cause."""
MOST_DIGITS = 40
"""Digits of a number that is looked up and quoted; Python refuses to parse thousands."""


class RunsBelow(Protocol):
    """Screen below: it knows the run table's rows and the workers."""

    @property
    def has_worker(self) -> bool: ...
    def start_worker(self) -> None: ...
    def row_of(self, run_id: int) -> RunRow | None: ...


class RunScreen(PagedScreen[None]):
    TABLE = commands.RUN
    BINDINGS = commands.bindings(TABLE)
    POLL_S = 0.25
    FEED_ERRORS = (StoreError, SpecError, QueueError)

    class LogRead(Message):
        def __init__(self, more: NewLines) -> None:
            super().__init__()
            self.more = more

    def __init__(self, home: Home, below: RunsBelow, run_id: int) -> None:
        super().__init__()
        self._home, self._below, self.run_id = home, below, run_id
        self._is_gone = False
        self._view: RunView | None = None
        self._runs, self._forms = RunActions(self), FormActions(self)
        self._copying, self._files = CopyActions(self), FileActions(self)
        self._log = FeedThread[NewLines](
            "run log",
            lambda: LogFile(home.run(run_id).log),
            lambda more: self.post_message(self.LogRead(more)),
            self.raise_from_thread,
            self.raise_from_thread,
        )

    def handlers(self) -> Handlers:
        return {
            **self.page_handlers(),
            **self._runs.handlers(),
            **self._forms.handlers(),
            **self._copying.handlers(),
            **self._files.handlers(),
            "data": self._open_data,
            "search": lambda: self.query_one(LogPane).search_line.open(),
            "compare_spec": self._compare_spec,
            "help": self.open_help,
            "leave": self.leave,
        }

    def compose_head(self) -> Widget:
        return TextLine("run-head")

    def compose_body(self) -> Iterable[Widget]:
        yield Clipped("run-findings", "4")
        yield Static(id="pages", markup=False)
        self.body = PagesBody(
            [
                CurvesPane(self.port.preferences.smoothing, hidden=self.port.preferences.charts_hidden),
                MatrixPane(),
                LogPane(self.run_id, wraps=self.port.preferences.wraps_log),
                SpecPane(),
                RunScorePane(self._home, self.raise_from_thread),
                SystemPane(),
            ]
        )
        yield self.body

    def on_mount(self) -> None:
        self.set_interval(self.POLL_S, self._refresh_page)
        self.turn_to(self.body.names[0])

    def on_unmount(self) -> None:
        self._log.stop()

    # What is read

    def open_feed(self) -> RunFeed:
        pins, row_of = self.port.preferences.pins, self._below.row_of
        pinned = pinned_beside(pins, self.run_id, lambda each: row_of(each) is not None)
        return RunFeed(self._home, self.run_id, with_group=True, with_use=True, pinned=pinned)

    def _refresh_page(self) -> None:
        if self.page == "log":
            self._log.ask()
        if self._view is not None and self._view.status in ("queued", "running"):
            self._draw_findings(self._view)  # other runs' ends move its start, and write nothing to it

    def on_run_screen_log_read(self, message: LogRead) -> None:
        if self.is_whole:
            self.query_one(LogPane).add(message.more)

    def show_view(self, view: object) -> None:
        assert isinstance(view, RunView)
        had_way_out = self._view is None or self._view.has_way_out
        self._view = view
        if view.has_way_out != had_way_out:
            self.refresh_bindings()
        with self.app.batch_update():
            self._draw()

    def feed_failed(self, error: Exception) -> None:
        if isinstance(error, QueueError):
            self._is_gone = True
            self.on_screen_resume()
        else:
            super().feed_failed(error)

    def on_screen_resume(self) -> None:
        """Leave a run that was removed, but not while another screen lies above."""
        if self._is_gone and self.app.screen is self:  # is_current is also said below a dialog
            self._is_gone = False
            self.notify(f"#{self.run_id} was removed", severity="warning")
            self.dismiss()

    # Drawing

    def _draw(self) -> None:
        view = self._view
        if view is None:
            return
        self.query_one("#run-head", TextLine).say(
            head_text(view, self._below.row_of(self.run_id), datetime.now(UTC))
        )
        self._draw_findings(view)
        pane = self.pane
        if isinstance(pane, (CurvesPane, MatrixPane, RunScorePane)):
            pane.show(view)
        elif isinstance(pane, SystemPane):
            pane.show_run(view)
        elif isinstance(pane, SpecPane):
            pane.show(view, self._findings(view))

    def _draw_findings(self, view: RunView) -> None:
        """Draw the findings or the failure; nothing on the page that has it whole."""
        theme = self.app.theme_variables
        says = self.query_one("#run-findings", Clipped)
        says.set_class(view.failure is not None, "-failed")
        if view.failure is not None:
            lines = LINES_LOW if self.has_class("-high") and not self.has_class("-tall") else LINES_TALL
            says.say(failure_text(view.failure, theme, lines, self.size.width - 2))
        else:
            says.say(findings_text(self._findings(view), theme))
        says.display = bool(says.text) and self.page != "spec"

    def _findings(self, view: RunView) -> tuple[FindingView, ...]:
        row = self._below.row_of(self.run_id)
        if row is not None and row.status == "running" and row.slow:
            return (FindingView("slower than usual", evidence=row.slow), *view.findings)
        if view.findings or row is None or row.status != "queued":
            return view.findings
        return (FindingView("waiting", evidence=row.remark),)

    def on_resize(self) -> None:
        if self._view is not None:
            self.call_after_refresh(self._draw_findings, self._view)

    def draw_page(self) -> None:
        if self.page == "log":
            self._log.ask()
        self._draw()

    # Commands of the pages

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave all keys to the field that is typed in."""
        return False if isinstance(self.focused, Input) else super().check_action(action, parameters)

    def offers(self, command: Command) -> bool | None:
        if self.page != PAGE_OF.get(command.id, self.page):
            return False
        if self._depends_on_word(command):
            return False
        if command.id == "fix" and self._view is not None and not self._view.has_way_out:
            return None
        return super().offers(command)

    def _depends_on_word(self, command: Command) -> bool:
        """Return True where a command waits for the beginning or the end of a search of the log."""
        depends = self.page == "log" and command.id in NEEDS_WORD | FREE_FROM_WORD
        return depends and (command.id in NEEDS_WORD) != bool(self.query_one(LogPane).word)

    def why_not(self, command: Command) -> str:
        if self.page != (page := PAGE_OF.get(command.id, self.page)):
            return elsewhere(self.body.names, [page])
        if command.id == "fix" and self._view is not None and not self._view.has_way_out:
            return NO_WAY_OUT
        if self._depends_on_word(command):
            return "/ searches for a word first" if command.id in NEEDS_WORD else "esc ends the search first"
        return super().why_not(command) or lacking(command.id, self.chosen_rows())

    def _open_data(self) -> None:
        self.app.push_screen(DataScreen(self._home, self.chosen_rows(), self.run_id))

    def _compare_spec(self) -> None:
        def typed(text: str | None) -> None:
            number = (text or "").strip().lstrip("#")
            if number.isdecimal() and len(number) > MOST_DIGITS:
                self.notify(f"there is no run with a number of {len(number):,} digits", severity="error")
            elif number.isdecimal():
                read = partial(self._read_other, self.app, int(number))
                start_once("other run", read, self.raise_from_thread)
            elif text:
                self.notify(f"{text!r} is not a run's number", severity="error")

        self.app.push_screen(AskScreen("Compare with which run? Its number", placeholder="7"), typed)

    def _read_other(self, app: App[object], run_id: int) -> None:
        try:
            (run,) = stored_runs(self._home, [run_id])
        except Refused as error:
            app.notify(str(error), severity="error")
            return
        app.call_later(self._compare, run_id, run.spec)

    def _compare(self, run_id: int, spec: RunSpec) -> None:
        if self.is_whole:
            self.query_one(SpecPane).compare(run_id, spec)

    def on_matrix_pane_opened(self, message: MatrixPane.Opened) -> None:
        from tui.screens.images import ImagesScreen  # numpy and Pillow would keep the app from starting fast

        def closed(epoch: int | None) -> None:
            if epoch is not None:
                self.query_one(MatrixPane).look_at(epoch)

        if self._view is not None:
            place = Place(message.epoch, *message.cell)
            self.app.push_screen(ImagesScreen(self._home, self._view, place), closed)

    # What the actions on runs ask

    @property
    def has_worker(self) -> bool:
        return self._below.has_worker

    def start_worker(self) -> None:
        self._below.start_worker()

    @property
    def is_order_seen(self) -> bool:
        return False

    def chosen_rows(self) -> list[RunRow]:
        row = self._below.row_of(self.run_id)
        return [row] if row is not None else []
