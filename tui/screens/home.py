"""The home screen: the runs, the highlighted one, the devices."""

import subprocess
from collections.abc import Callable
from datetime import datetime

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Footer, Static

from engine import processes
from engine.paths import Home
from engine.store import queue
from engine.store.database import StoreError, open_store
from engine.store.fencing import QueueError
from tui import commands, launch
from tui.screens.confirm import ConfirmScreen
from tui.screens.help import HelpScreen
from tui.screens.new_run import NewRunScreen
from tui.snapshot import RunRow, Snapshot
from tui.text import plain
from tui.widgets.bars import DeviceStrip, HeadLine
from tui.widgets.detail import DetailPane
from tui.widgets.run_table import RunTable


class HomeScreen(Screen[None]):
    """Mediates between the feed's snapshots, the widgets and the store's verbs."""

    BINDINGS = commands.bindings(commands.HOME)
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high"), (34, "-tall")]

    def __init__(self, home: Home, *, readonly: bool, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._home, self._readonly, self._clock = home, readonly, clock
        self._rows: dict[int, RunRow] = {}
        self._workers = 0
        self._started: subprocess.Popen[bytes] | None = None
        """The worker that was started here, until it shows up in the table or has gone."""
        self.run_id: int | None = None

    def compose(self) -> ComposeResult:
        yield Static("resnet-tui needs 80×24 characters: enlarge the window", id="too-small")
        yield HeadLine(plain(f"{self._home.root.name}@{processes.host_name()}"), self._clock)
        yield Static(id="banner", markup=False)
        with Container(id="body"):
            yield RunTable()
            yield Static("No runs yet: press n to queue the first.", id="empty")
            yield DetailPane(id="detail")
        yield DeviceStrip()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(RunTable).focus()
        self.set_interval(0.5, self._watch_started)
        self.query_one("#banner").display = False
        self.query_one("#empty").display = False

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; one that comes while the screen closes is for nobody."""
        if not self.is_attached:
            return
        self._rows = {row.id: row for row in snapshot.rows}
        self._workers = len(snapshot.workers)
        self.query_one("#banner").display = False
        self.query_one("#empty").display = not snapshot.rows
        self.query_one(RunTable).display = bool(snapshot.rows)
        with self.app.batch_update():
            self.query_one(HeadLine).show(snapshot)
            self.query_one(RunTable).show_rows(snapshot.rows)
            self.query_one(DetailPane).show(snapshot.detail)
            self.query_one(DeviceStrip).show(snapshot.workers)

    def show_problem(self, text: str) -> None:
        """The database cannot be read: say it and keep what was seen last."""
        if not self.is_attached:
            return
        banner = self.query_one("#banner", Static)
        banner.update(f"✖ {plain(text)}")
        banner.display = True

    @on(RunTable.Highlighted)
    def _highlighted(self, event: RunTable.Highlighted) -> None:
        self.run_id = event.run_id
        self.app.refresh_feed()  # type: ignore[attr-defined]

    def _may_write(self) -> bool:
        if self._readonly:
            self.notify(
                "this window only looks (--readonly): open another to change things", severity="warning"
            )
        return not self._readonly

    def action_new_run(self) -> None:
        if self._may_write():
            self.app.push_screen(NewRunScreen(self._home), self._queued)

    def _queued(self, ids: tuple[int, ...] | None) -> None:
        if ids:
            which = f"#{ids[0]}" if len(ids) == 1 else f"#{ids[0]} to #{ids[-1]}"
            hint = "" if self._workers else ": press w to start a worker"
            self.notify(f"queued {which}{hint}")

    def action_cancel_run(self) -> None:
        row = self._rows.get(self.query_one(RunTable).run_id or 0)
        if row is None or not self._may_write():
            return
        if row.status != "running":
            self._cancel(row.id)
            return
        question = f"Cancel #{row.id}, now at epoch {row.epoch} of {row.epochs}? Its weights so far are kept."

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._cancel(row.id)

        self.app.push_screen(ConfirmScreen(question), answered)

    @work(thread=True)
    def _cancel(self, run_id: int) -> None:
        try:
            store = open_store(self._home.database, create=False)
            before = queue.ask(store, [run_id], "cancel")[run_id]
            store.close()
        except (QueueError, StoreError) as error:
            self.app.call_from_thread(self.notify, plain(error), severity="error", markup=False)
            return
        told = "asked to stop" if before == "running" else "cancelled"
        self.app.call_from_thread(self.notify, f"#{run_id} {told}")

    def action_start_worker(self) -> None:
        if not self._may_write():
            return
        if self._workers or self._started is not None:
            self.notify("a worker is there already: it takes the queued runs one after another")
            return
        if warning := launch.logout_warning():
            self.notify(warning, severity="warning", timeout=30, markup=False)
        try:
            self._started = launch.start_worker(self._home)
        except OSError as error:
            self.notify(f"{error.filename}: {error.strerror}", severity="error", markup=False)
            return
        self.notify(f"worker started (process {self._started.pid}): it goes on when you leave")

    def _watch_started(self) -> None:
        """Say why a worker that was started here could not go on."""
        if self._started is None:
            return
        code = self._started.poll()
        if code is not None or self._workers:
            self._started = None
        if code:
            self.notify(launch.last_words(self._home), severity="error", timeout=15, markup=False)

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen())

    def action_down(self) -> None:
        self.query_one(RunTable).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(RunTable).action_cursor_up()

    def action_first(self) -> None:
        self.query_one(RunTable).move_cursor(row=0)

    def action_last(self) -> None:
        table = self.query_one(RunTable)
        table.move_cursor(row=table.row_count - 1)

    def action_quit(self) -> None:
        self.app.exit()
