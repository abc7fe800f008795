"""Home screen: the runs, the highlighted one, the devices."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from textual import on
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.files.paths import Home
from engine.hardware import processes
from tui import commands
from tui.commands import Command
from tui.formatting import plain
from tui.preferences.notifications import end_notifications
from tui.run_row import RunRow
from tui.screens.copying import CopyActions
from tui.screens.file_actions import FileActions
from tui.screens.fitting_keys import fitting
from tui.screens.form_actions import FormActions
from tui.screens.full_screen import FullScreen, Handlers
from tui.screens.home_charts import HomeCharts
from tui.screens.home_news import HomeNews
from tui.screens.home_split import HomeSplit
from tui.screens.preference_actions import PreferenceActions
from tui.screens.run_actions import RunActions
from tui.screens.run_needs import lacking
from tui.screens.smoothing import HomeSmoothing
from tui.screens.start_worker import THERE, WorkerStarter
from tui.screens.table_actions import TableActions
from tui.screens.table_filter import TableFilter
from tui.screens.workers import WorkersScreen
from tui.snapshot import Snapshot, WorkerView
from tui.views.run_list import TableQuery
from tui.views.worker_history import WorkerHistory
from tui.widgets.bars import DeviceStrip, HeadLine
from tui.widgets.detail import DetailPane
from tui.widgets.filter_line import FilterLine
from tui.widgets.key_footer import KeyFooter
from tui.widgets.run_table import RunTable


class HomeScreen(FullScreen[None]):
    """Mediates between the feed's snapshots, the widgets and the actions on runs."""

    TABLE = commands.HOME
    BINDINGS = commands.bindings(TABLE)

    def __init__(self, home: Home, *, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._home, self._clock = home, clock
        self._rows: Mapping[int, RunRow] = {}
        self._snapshot: Snapshot | None = None
        self.worker_views: tuple[WorkerView, ...] = ()
        self.history = WorkerHistory()
        self._is_ready = False
        self._waiting: Snapshot | None = None
        self.table, self._filter_line = RunTable(), FilterLine()
        self._list = TableActions(self, self.table, self._filter_line)
        self.table_filter = TableFilter(self, self.table, self._filter_line)
        self._runs, self._forms = RunActions(self), FormActions(self, has_new=True)
        self._copying, self._files = CopyActions(self), FileActions(self)
        self._starter, self._smoothing = WorkerStarter(self, self.raise_from_thread), HomeSmoothing(self)
        self.news = HomeNews(home, self, lambda: self._snapshot)
        self._split, self._charts = HomeSplit(self), HomeCharts(self)

    def handlers(self) -> Handlers:
        return {
            **self._runs.handlers(),
            **self._runs.queue_handlers(),
            **self._forms.handlers(),
            **self._copying.handlers(),
            **self._list.handlers(),
            **self._files.handlers(),
            **self._smoothing.handlers(),
            **self._split.handlers(),
            **self._charts.handlers(),
            "report_all": self._files.report_all,
            "new_run": self._forms.new,
            "back": self._back,
            "open_run": self._open_line,
            "compare": self._compare,
            "journal": self.news.open_journal,
            "start_worker": self.start_worker,
            "workers": lambda: self.app.push_screen(WorkersScreen(self), self.open_run),
            "data": self._open_data,
            **PreferenceActions(self, self._draw_again).handlers(),
            "help": self.open_help,
            "quit": self._quit,
        }

    def compose_head(self) -> Widget:
        return HeadLine(plain(f"{self._home.root.name}@{processes.host_name()}"), self._clock)

    def compose_body(self) -> Iterable[Widget]:
        yield self.news.line
        with self._split.body:
            with Vertical(id="left"):
                yield self._filter_line
                yield self.table
                yield Static("No runs yet: press n to queue the first.", id="empty")
            yield DetailPane(id="detail")
        yield DeviceStrip()

    def on_resize(self) -> None:
        self.call_after_refresh(self._focus_table)

    def _focus_table(self) -> None:
        """Give the table the keys again: in a window that was too small it lost them."""
        if self.is_current and self.focused is None and self.table.focusable:
            self.set_focus(self.table)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a line is typed in, its keys are no commands."""
        return False if isinstance(self.focused, Input) else super().check_action(action, parameters)

    def on_mount(self) -> None:
        self.table.focus()
        self._list.restore()
        self._split.restore()
        self._charts.apply()
        self.query_one("#empty").display = False
        self._is_ready = True
        if self._waiting is not None:
            self.show(self._waiting)

    def on_screen_resume(self) -> None:
        """Runs that came while another screen lay above may have pushed the highlighted one away."""
        self.call_after_refresh(self.table.keep_in_view)
        self.call_after_refresh(self._smoothing.apply)

    # What is shown

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot. Before there is anything to draw on it waits; while the screen closes it is dropped."""
        if not self._is_ready:
            self._waiting = snapshot
            return
        if not self.is_whole:
            return
        if self.port.preferences.tells and self._snapshot is not None:
            self.port.notify_outside(end_notifications(self._rows, snapshot.rows))
        self._rows, self._snapshot = snapshot.rows, snapshot
        self.worker_views = snapshot.workers
        self.history.take(snapshot.workers)
        self.query_one("#empty").display = not snapshot.rows
        self.table.display = bool(snapshot.rows)
        with self.app.batch_update():
            self.query_one(HeadLine).show(snapshot)
            self.table.show_rows(snapshot.rows, snapshot.groups, snapshot.with_reason)
            self.table_filter.take_snapshot(snapshot)
            has_detail = self.table.row_count and not self.port.preferences.table_alone
            self.query_one(DetailPane).show(snapshot.detail if has_detail else None, snapshot.reference)
            obstacle = self.workers_to_come or (snapshot.reasons.obstacle if snapshot.reasons else "")
            self.query_one(DeviceStrip).show(snapshot.workers, obstacle)
            self.query_one(KeyFooter).choose()
        self._list.take_groups(snapshot)
        if self.focused is None and snapshot.rows:  # the first runs of an empty home
            self.set_focus(self.table)

    def _draw_again(self) -> None:
        if self._snapshot is not None:
            self.show(self._snapshot)

    # What actions and other screens ask

    @property
    def run_id(self) -> int | None:
        """Highlighted run, or minus the first member of the highlighted group."""
        return self.table.run_id

    @property
    def snapshot(self) -> Snapshot | None:
        return self._snapshot

    @property
    def has_worker(self) -> bool:
        return bool(self.worker_views)

    @property
    def workers_to_come(self) -> str:
        """Return what is said of the worker that was started here and is not there yet; empty where there is none."""
        return self._starter.words

    def start_worker(self) -> None:
        self._starter.start()
        self._draw_again()

    @property
    def lacks_worker(self) -> bool:
        """True where runs wait and no worker is there."""
        snapshot = self._snapshot
        return snapshot is not None and not snapshot.workers and snapshot.counts["queued"] > 0

    @property
    def is_order_seen(self) -> bool:
        return self.table.table_query == TableQuery()

    def chosen_rows(self) -> list[RunRow]:
        """Return the marked runs that are shown, or the highlighted one."""
        chosen = self.table.chosen()
        if self.table.marks and not chosen:
            self.notify("the marked runs are filtered out: esc drops the marks", severity="warning")
        return [self._rows[run_id] for run_id in chosen if run_id in self._rows]

    def row_of(self, run_id: int) -> RunRow | None:
        """Return a run's row of the newest snapshot; None where it is gone."""
        row = self._rows.get(run_id)
        return self._snapshot.with_reason(row) if row is not None and self._snapshot is not None else row

    def in_footer(self) -> Collection[str]:
        rows = [self._rows[run_id] for run_id in self.table.chosen() if run_id in self._rows]
        return fitting(self.TABLE, rows, subjects=len(self.table.subjects()))

    def why_not(self, command: Command) -> str:
        rows = [self._rows[run_id] for run_id in self.table.chosen() if run_id in self._rows]
        there = THERE if command.id == "start_worker" and self.has_worker else ""
        common = super().why_not(command) or there
        found = common or lacking(command.id, rows) or self._list.why_not(command.id)
        return found or self._split.why_not(command.id)

    # The table

    @on(RunTable.Highlighted)
    def _highlighted(self) -> None:
        self.query_one(KeyFooter).choose()
        self.port.refresh_feed()

    @on(RunTable.MarksChanged)
    def _marks_changed(self) -> None:
        table = self.table
        head = self.query_one(HeadLine)
        head.show_marks(len(table.marks), hidden=table.hidden_marks, in_range=table.in_range)
        self.query_one(KeyFooter).choose()

    @on(FilterLine.Changed)
    def _filtered(self, event: FilterLine.Changed) -> None:
        self.table_filter.take(event.terms)

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.set_focus(self.table)

    @on(RunTable.HeaderClicked)
    def _sort_clicked(self, event: RunTable.HeaderClicked) -> None:
        self._list.sort_by(event.key)

    @on(RunTable.Opened)
    def _open_line(self) -> None:
        """Open the highlighted run, or show the members of the group."""
        if self.table.group is not None:
            self._list.turn_group()
        else:
            self.open_run(self.run_id)

    def _back(self) -> None:
        """Drop one thing: news, marks, filter, order."""
        if not self.news.dismiss():
            self._list.back()

    # Other screens

    def open_run(self, run_id: int | None) -> None:
        """Open a run that is still there."""
        from tui.screens.run import RunScreen  # reads the store, which the first frame does not wait for

        if run_id is not None and run_id in self._rows:
            self.app.push_screen(RunScreen(self._home, self, run_id))

    def _compare(self) -> None:
        from tui.screens.compare import CompareScreen

        if problem := self._list.not_compared():
            self.notify(problem, severity="warning")
        else:
            self.app.push_screen(CompareScreen(self._home, self.table.subjects()))

    def _open_data(self) -> None:
        from tui.screens.data import DataScreen  # reads data sets: the app starts without it

        shown = abs(self.run_id) if self.run_id is not None else None
        self.app.push_screen(DataScreen(self._home, tuple(self._rows.values()), shown))

    # Leaving

    def _quit(self) -> None:
        self.news.mark_seen()
        self.app.exit()
