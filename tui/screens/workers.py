"""Screen of the workers and the cards of this host: what each does, how busy its device is, and how to stop it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Protocol

from textual.message import Message
from textual.widget import Widget

from engine.files.paths import Home
from engine.hardware.system_history import Series
from tui import commands
from tui.commands import Command
from tui.feeds.alerts_feed import AlertsFeed
from tui.feeds.cards_feed import CardsFeed, CardsView
from tui.feeds.hours_feed import HoursFeed
from tui.feeds.jobs_feed import JobsFeed, JobsView, count_waiting
from tui.feeds.reader_thread import FeedThread
from tui.formatting import plain
from tui.run_row import RunRow
from tui.screens.confirm import ConfirmScreen
from tui.screens.full_screen import FeedScreen, Handlers
from tui.screens.start_worker import THERE
from tui.snapshot import AddressView, Snapshot, WorkerView
from tui.views.queue_text import head_of
from tui.views.worker_history import WorkerHistory
from tui.widgets.text_line import TextLine
from tui.widgets.workers_pane import WorkersLook, WorkersPane
from tui.worker_verbs import CannotSignal, drain, stop

DRAW_S, JOBS_POLL_S, ALERTS_POLL_S, HOURS_POLL_S = 0.5, 10.0, 10.0, 10.0
OF_A_WORKER = ("up", "down", "open_run", "drain_worker", "stop_worker")
NO_WORKER = "there is no worker: w starts one"
IDLE = "it trains no run now"


class WorkersBelow(Protocol):
    """Screen below: it knows the workers and starts one."""

    history: WorkerHistory
    worker_views: tuple[WorkerView, ...]

    @property
    def snapshot(self) -> Snapshot | None: ...
    def start_worker(self) -> None: ...
    def row_of(self, run_id: int) -> RunRow | None: ...


class WorkersScreen(FeedScreen[int | None]):
    """Closes with the run to open, where one was asked for."""

    TABLE = commands.WORKERS
    BINDINGS = commands.bindings(TABLE)
    POLL_S = 3.0
    FEED_ERRORS = ()

    class JobsRead(Message):
        """Newest view of the jobs in Slurm."""

        def __init__(self, view: JobsView) -> None:
            super().__init__()
            self.view = view

    class AddressesRead(Message):
        """Newest view of the addresses of alerts."""

        def __init__(self, view: tuple[AddressView, ...]) -> None:
            super().__init__()
            self.view = view

    class HoursRead(Message):
        """Newest histories of the workers' last hour, by worker."""

        def __init__(self, view: Mapping[int, Series]) -> None:
            super().__init__()
            self.view = view

    def __init__(self, below: WorkersBelow) -> None:
        super().__init__()
        self._below = below
        self._chosen_id: int | None = None
        self._cards: CardsView | None = None
        self._jobs = JobsView()
        self._addresses: tuple[AddressView, ...] | None = None
        self._hours: Mapping[int, Series] = {}
        # A thread of its own: the cards do not wait for a Slurm that is slow to answer.
        self._jobs_thread = FeedThread[JobsView](
            "feed of jobs",
            lambda: JobsFeed(self.port.home),
            lambda view: self.post_message(self.JobsRead(view)),
            self.raise_from_thread,
            self.raise_from_thread,
        )
        self._alerts_thread = FeedThread[tuple[AddressView, ...]](
            "feed of alerts",
            lambda: AlertsFeed(self.port.home),
            lambda view: self.post_message(self.AddressesRead(view)),
            self.raise_from_thread,
            self.raise_from_thread,
        )
        self._hours_thread = FeedThread[Mapping[int, Series]](
            "feed of hours",
            lambda: HoursFeed(self.port.home, lambda: self._below.worker_views),
            lambda view: self.post_message(self.HoursRead(view)),
            self.raise_from_thread,
            self.raise_from_thread,
        )

    def handlers(self) -> Handlers:
        return {
            "down": partial(self._move, 1),
            "up": partial(self._move, -1),
            "open_run": self._open_run,
            "start_worker": self._below.start_worker,
            "drain_worker": partial(self._signal_chosen, drain),
            "stop_worker": self._stop_chosen,
            "help": self.open_help,
            "leave": self.leave,
        }

    def why_not(self, command: Command) -> str:
        chosen = self.chosen
        if command.id in OF_A_WORKER and chosen is None:
            return NO_WORKER
        if command.id == "open_run" and chosen is not None and chosen.run_id is None:
            return IDLE
        if command.id == "start_worker" and self._below.worker_views:
            return THERE
        return super().why_not(command)

    def compose_head(self) -> Widget:
        return TextLine("workers-head")

    def compose_body(self) -> Iterable[Widget]:
        yield WorkersPane()

    def on_mount(self) -> None:
        self.set_interval(DRAW_S, self._draw)
        self.set_interval(JOBS_POLL_S, self._jobs_thread.ask)
        self.set_interval(ALERTS_POLL_S, self._alerts_thread.ask)
        self.set_interval(HOURS_POLL_S, self._hours_thread.ask)
        self._jobs_thread.ask()
        self._alerts_thread.ask()
        self._hours_thread.ask()
        self._draw()

    def on_unmount(self) -> None:
        self._jobs_thread.stop()
        self._alerts_thread.stop()
        self._hours_thread.stop()

    def on_workers_screen_jobs_read(self, message: JobsRead) -> None:
        if self.is_whole:
            self._jobs = message.view
            self._draw()

    def on_workers_screen_addresses_read(self, message: AddressesRead) -> None:
        if self.is_whole:
            self._addresses = message.view
            self._draw()

    def on_workers_screen_hours_read(self, message: HoursRead) -> None:
        if self.is_whole:
            self._hours = message.view
            self._draw()

    def open_feed(self) -> CardsFeed:
        return CardsFeed(lambda: self._below.worker_views)

    def show_view(self, view: object) -> None:
        assert isinstance(view, CardsView)
        self._cards = view
        self._draw()

    @property
    def chosen(self) -> WorkerView | None:
        """Worker that was moved to, None once it has left; before anybody moved, the first."""
        workers = self._below.worker_views
        if self._chosen_id is None and workers:
            self._chosen_id = workers[0].id
        return next((worker for worker in workers if worker.id == self._chosen_id), None)

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        workers, snapshot, now = self._below.worker_views, self._below.snapshot, datetime.now()
        idle = sum(worker.run_id is None for worker in workers)
        self.query_one("#workers-head", TextLine).say(
            head_of(len(workers), idle, count_waiting(self._jobs.jobs), snapshot, now)
        )
        look = WorkersLook(
            workers,
            self.chosen,
            self._below.history,
            snapshot,
            now,
            self._hours,
            self._cards,
            self._jobs,
            self._addresses,
        )
        self.query_one(WorkersPane).show(look)

    # Commands

    def _move(self, by: int) -> None:
        ids = [worker.id for worker in self._below.worker_views]
        if ids:
            at = ids.index(self._chosen_id) + by if self._chosen_id in ids else 0
            self._chosen_id = ids[min(max(at, 0), len(ids) - 1)]
        self._draw()

    def _open_run(self) -> None:
        worker = self.chosen
        if worker is None or worker.run_id is None:
            self.notify(IDLE)
        else:
            self.dismiss(worker.run_id)

    def _signal_chosen(self, verb: Callable[[WorkerView, Home], str]) -> None:
        worker = self.chosen
        if worker is None:
            self.notify("that worker has left: choose another with ↑ ↓", severity="warning")
        else:
            self.run_worker(partial(self._signal, verb, worker), thread=True, group="signals")

    def _stop_chosen(self) -> None:
        """Stop a worker; ask where it trains: a run of hours would stand still until somebody looks."""
        worker = self.chosen
        if worker is None or worker.run_id is None:
            self._signal_chosen(stop)
            return
        signal = partial(self._signal, stop, worker)

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(signal, thread=True, group="signals")

        row = self._below.row_of(worker.run_id)
        where = f"#{worker.run_id}" + (f", now at epoch {row.epoch} of {row.epochs}," if row else "")
        question = (
            f"Stop worker {worker.id}? {where} keeps its place and its checkpoint until a worker goes on."
        )
        self.app.push_screen(ConfirmScreen(question), answered)

    def _signal(self, verb: Callable[[WorkerView, Home], str], worker: WorkerView) -> None:
        """Send a signal, or ask through the run table, in a thread."""
        try:
            self.notify(verb(worker, self.port.home))
        except CannotSignal as error:
            self.notify(plain(error), severity="error")
