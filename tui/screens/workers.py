"""The workers and the cards of this host: what each does, how busy its device is, and how to let it go."""

from collections.abc import Callable, Mapping
from typing import Protocol

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from engine.files.paths import Home
from engine.hardware.telemetry import HostCard, NvidiaState, nvidia
from engine.spec.plugin_name import arch_shown
from tui import commands
from tui.feeds.worker_history import WorkerHistory, sparkline
from tui.formatting import learning_rate, plain
from tui.screens.help import HelpScreen
from tui.snapshot import RunRow, WorkerView
from tui.worker_verbs import CannotTell, drain, stop

DRAW_S = 0.5
CARDS_S = 3.0
"""How often the driver is asked for the other cards."""
HOTTEST_C = 100.0


class Base(Protocol):
    """The screen below: it knows the workers and starts one."""

    _home: Home
    history: WorkerHistory

    worker_views: tuple[WorkerView, ...]

    def row_of(self, run_id: int) -> RunRow | None: ...
    def action_start_worker(self) -> None: ...
    def may_write(self) -> bool: ...


class WorkersScreen(Screen[int | None]):
    """Leaves with the run to open, where one was asked for."""

    TABLE = commands.WORKERS
    BINDINGS = commands.bindings(TABLE)
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high"), (34, "-tall")]

    def __init__(self, below: Base) -> None:
        super().__init__()
        self._below = below
        self._chosen_id: int | None = None
        self._cards: NvidiaState | None = None

    def compose(self) -> ComposeResult:
        yield Static("resnet-tui needs 80×24 characters: enlarge the window", id="too-small")
        yield Static(id="workers-head", markup=False)
        with VerticalScroll(id="body", can_focus=False):
            yield Static(id="workers-text", markup=False)
            yield Static(id="cards-text", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_interval(DRAW_S, self._draw)
        self.set_interval(CARDS_S, self._ask_driver)
        self._ask_driver()
        self._draw()

    @work(thread=True, exclusive=True, group="cards")
    def _ask_driver(self) -> None:
        found = nvidia()
        self.app.call_from_thread(self._take_cards, found)

    def _take_cards(self, found: NvidiaState) -> None:
        self._cards = found
        if self.is_attached:
            self._draw()

    @property
    def chosen(self) -> WorkerView | None:
        """The one that was moved to, as long as it is there; before anybody moved, the first."""
        workers = self._below.worker_views
        if self._chosen_id is None and workers:
            self._chosen_id = workers[0].id
        return next((worker for worker in workers if worker.id == self._chosen_id), None)

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        workers, width = self._below.worker_views, max(self.size.width - 2, 40)
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(f"{len(workers)} worker{'' if len(workers) == 1 else 's'}", style="bold")
        idle = sum(worker.run_id is None for worker in workers)
        head.append(f"   {idle} idle" if idle else "", style="dim")
        self.query_one("#workers-head", Static).update(head)
        text = Text(no_wrap=True, overflow="ellipsis")
        if not workers:
            text.append("No worker: press w to start one; it goes on when you leave.", style="dim")
        for worker in workers:
            row = self._below.row_of(worker.run_id) if worker.run_id else None
            is_chosen = worker is self.chosen
            accent = self.app.theme_variables["accent"]
            text.append_text(
                worker_text(worker, row, self._below.history, width, is_chosen=is_chosen, accent=accent)
            )
        self.query_one("#workers-text", Static).update(text)
        cards = cards_text(self._cards, {worker.pid for worker in workers}) if self._cards else Text("")
        self.query_one("#cards-text", Static).update(cards)

    # What keys do

    def _move(self, by: int) -> None:
        ids = [worker.id for worker in self._below.worker_views]
        if ids:
            at = ids.index(self._chosen_id) + by if self._chosen_id in ids else 0
            self._chosen_id = ids[min(max(at, 0), len(ids) - 1)]
        self._draw()

    def action_down(self) -> None:
        self._move(1)

    def action_up(self) -> None:
        self._move(-1)

    def action_open_run(self) -> None:
        worker = self.chosen
        if worker is None or worker.run_id is None:
            self.notify("it trains no run now")
        else:
            self.dismiss(worker.run_id)

    def action_start_worker(self) -> None:
        self._below.action_start_worker()

    def action_stop_worker(self) -> None:
        self._tell(stop)

    def action_drain_worker(self) -> None:
        self._tell(drain)

    def _tell(self, how: Callable[[WorkerView], str]) -> None:
        worker = self.chosen
        if not self._below.may_write():
            return
        if worker is None:
            self.notify("that worker has gone: choose another with ↑ ↓", severity="warning")
            return
        try:
            self.notify(how(worker))
        except CannotTell as error:
            self.notify(plain(error), severity="error")

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.TABLE))

    def action_leave(self) -> None:
        self.dismiss(None)


def worker_text(
    worker: WorkerView,
    row: RunRow | None,
    history: WorkerHistory,
    width: int,
    *,
    is_chosen: bool,
    accent: str,
) -> Text:
    """Two lines: the device and what it does; its gauges with their last minutes."""
    text = Text()
    name = plain(f"worker {worker.id}  {worker.device}  {worker.name}  {worker.host}:{worker.pid}")
    text.append(f"{'▸' if is_chosen else ' '} {name}\n", style="bold" if is_chosen else "")
    does = worker.waits or "idle"
    if worker.run_id is not None:
        run = (
            f" {arch_shown(row.arch)} {row.pretrained} {learning_rate(row.lr)}  epoch {row.epoch}/{row.epochs}"
            if row
            else ""
        )
        speed = f"  {worker.images_per_s:,.0f} images/s" if worker.images_per_s else ""
        does = f"#{worker.run_id}{run}{speed}"
    text.append(f"  {does}\n", style="" if worker.run_id is not None else "dim")
    text.append_text(_gauges_text(worker, history, width, accent))
    return text.append("\n\n")


def _gauges_text(worker: WorkerView, history: WorkerHistory, width: int, accent: str) -> Text:
    percent, used, total, temperature = worker.gauges
    bars = max((width - 60) // 3, 8)
    text = Text("  ")
    for number, (words, high) in enumerate(
        (
            (f"{percent:.0f} %" if percent is not None else "", 100.0),
            (f"{used:.1f} of {total:.0f} GB" if used is not None and total else "", total or 1.0),
            ("", 1.0),
            (f"{temperature:.0f} °C" if temperature is not None else "", HOTTEST_C),
        )
    ):
        if words:
            text.append(sparkline(history.of(worker.id, number), bars, low=0.0, high=high), style=accent)
            text.append(f" {words}   ")
    return text


def cards_text(found: NvidiaState, ours: "set[int]") -> Text:
    """Every card of the host with its memory, and who else computes on it."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if found.problem:
        return text.append(plain(found.problem), style="dim")
    for number, card in enumerate(found.cards):
        text.append(f"card {number}  {plain(card.name)}", style="bold")
        if card.memory_gb is not None and card.used_gb is not None:
            text.append(f"  {card.used_gb:.1f} of {card.memory_gb:.0f} GB in use")
        others = _others(card, ours)
        text.append(f"   processes: {others}" if others else "   free", style="dim")
        text.append("\n")
    return text


def _others(card: HostCard, ours: "set[int]") -> str:
    """`1234 (3.2 GB), 99`: a worker's own training is a process of its own, and is among them."""
    known: Mapping[int, float | None] = {each.pid: each.used_gb for each in card.processes}
    return ", ".join(
        f"{pid}{f' ({used:.1f} GB)' if used is not None else ''}"
        for pid, used in known.items()
        if pid not in ours
    )
