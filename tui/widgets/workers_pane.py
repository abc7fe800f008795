"""Workers, the queue, jobs, cards and addresses of alerts: below each other, or in two columns of a large window."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from engine.hardware.system_history import Series
from tui.feeds.cards_feed import CardsView
from tui.feeds.jobs_feed import JobsView
from tui.run_row import RunRow
from tui.snapshot import AddressView, Snapshot, WorkerView
from tui.views.card_text import cards_text
from tui.views.gauges import HOUR, Gauges, gauges_of, line_of, tall_of
from tui.views.queue_text import ended_runs, ended_text, next_runs, queue_text
from tui.views.users import has_several
from tui.views.worker_history import WorkerHistory
from tui.views.worker_text import alerts_text, jobs_text, worker_text

COLUMNS_FROM = 150
"""Width from which there are two columns."""
LINES_OF_ONE = 4
"""Of a worker with its gauges in one line."""
TALLEST, LEAST_TALL, WIDEST = 12, 2, 122
"""Rows of a gauge, at most and at least, and cells of a line of gauges."""
LEAST_QUEUE, MOST_QUEUE = 3, 40
OF_ONE_COLUMN = 6
"""Tenths of the lines that are left for the queue, where it is below the workers; the gauges have the others."""
SCROLL_BAR, BETWEEN = 2, 2
"""Cells of the scroll bar, and between two columns."""
NO_WORKERS = "No worker: press w to start one; it keeps running after you quit."


@dataclass(frozen=True)
class WorkersLook:
    """All that the pane shows."""

    workers: tuple[WorkerView, ...]
    chosen: WorkerView | None
    history: WorkerHistory
    snapshot: Snapshot | None
    now: datetime
    hours: Mapping[int, Series] = field(default_factory=dict)
    cards: CardsView | None = None
    jobs: JobsView = field(default_factory=JobsView)
    addresses: tuple[AddressView, ...] | None = None

    def row_of(self, worker: WorkerView) -> RunRow | None:
        """Return the run that a worker trains."""
        rows = self.snapshot.rows if self.snapshot is not None else {}
        return rows.get(worker.run_id) if worker.run_id is not None else None


class WorkersPane(VerticalScroll):
    """Workers with their gauges; those of the chosen one are as high as there is room."""

    def __init__(self) -> None:
        super().__init__(id="body", can_focus=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="workers-left"):
            yield Static(id="workers-text", markup=False)
        with Vertical(id="workers-right"):
            for name in ("queue", "jobs", "cards", "alerts"):
                yield Static(id=f"{name}-text", markup=False)

    def show(self, look: WorkersLook) -> None:
        """Draw all that differs from what is drawn."""
        width, height = self.size.width - SCROLL_BAR, self.size.height
        has_columns = width >= COLUMNS_FROM
        self.set_class(has_columns, "-columns")
        width = width // 2 - BETWEEN if has_columns else width
        right = self._right(look, width)
        lines = sum(map(_lines, right.values()))
        workers = LINES_OF_ONE * max(len(look.workers), 1)
        room = height - lines if has_columns else (height - lines - workers) * OF_ONE_COLUMN // 10
        room = max(room, LEAST_QUEUE + 2)
        right = {"queue": self._queue(look, room, has_ended=has_columns), **right}
        lines += _lines(right["queue"])
        self._say("workers", self._workers(look, width, height - (0 if has_columns else lines) - workers))
        for name, text in right.items():
            self._say(name, text)

    def _say(self, name: str, text: Text) -> None:
        static = self.query_one(f"#{name}-text", Static)
        text.rstrip()
        static.display = bool(text.plain)
        if static.content != text:
            static.update(text)

    def _workers(self, look: WorkersLook, width: int, room: int) -> Text:
        """Write the workers; `room` lines are left for gauges that are higher than one."""
        text = Text(no_wrap=True, overflow="ellipsis")
        if not look.workers:
            return text.append(NO_WORKERS, style="dim")
        several = has_several(worker.user for worker in look.workers)
        for worker in look.workers:
            is_chosen, row = worker is look.chosen, look.row_of(worker)
            text.append_text(worker_text(worker, row, look.now, is_chosen=is_chosen, with_user=several))
            gauges = gauges_of(worker, look.hours.get(worker.id), look.history)
            text.append_text(self._gauges(gauges, width, room if is_chosen else 0)).append("\n")
        return text

    def _gauges(self, gauges: Gauges, width: int, room: int) -> Text:
        accent, width = self.app.theme_variables["accent"], min(width, WIDEST)
        height = min((room + 1) // max(len(gauges.all), 1) - 1, TALLEST)
        if gauges.all and height >= LEAST_TALL and gauges.covers == HOUR:
            return tall_of(gauges, width, height, accent)
        return line_of(gauges, width, accent)

    def _queue(self, look: WorkersLook, room: int, *, has_ended: bool) -> Text:
        """Write the queue, and with `has_ended` in what is left of `room` lines the runs that have ended."""
        if look.snapshot is None:
            return Text()
        rows = look.snapshot.rows.values()
        first = next_runs(rows, min(max(room - 2, LEAST_QUEUE), MOST_QUEUE))
        waiting = look.snapshot.counts.get("queued", 0)
        text = queue_text(map(look.snapshot.with_reason, first), waiting, look.now)
        left = room - len(text.plain.splitlines()) - 2
        return text.append_text(ended_text(ended_runs(rows, left))) if has_ended and left > 0 else text

    def _right(self, look: WorkersLook, width: int) -> dict[str, Text]:
        present = {worker.id for worker in look.workers}
        colours, cards = self.app.theme_variables, look.cards
        seen = Text() if cards is None else cards_text(cards.state, cards.worker_of, cards.facts, width)
        told = look.addresses
        return {
            "jobs": jobs_text(look.jobs.jobs, look.jobs.problem, present),
            "cards": seen,
            "alerts": Text() if told is None else alerts_text(told, colours["success"], colours["error"]),
        }


def _lines(text: Text) -> int:
    """Return how many lines a text takes with the empty one below it; none where it is empty."""
    plain = text.plain.rstrip()
    return plain.count("\n") + 2 if plain else 0
