"""The queue as a reader knows it who reads only what changed: with fifty thousand queued runs, most of a poll went into
reading all of them again."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session

from engine.analysis.forecast import QueuedRun
from engine.analysis.paces import PastRun
from engine.queries.queue_reasons import QueueReasons
from engine.queries.shared_cards import read_peaks
from engine.queries.throughput import longest_s, past_runs
from engine.queries.waiting import (
    FAR,
    PAUSED,
    Facts,
    obstacle_to_all,
    read_queued,
    read_refused,
    read_running,
)
from engine.store.database import read_together
from engine.store.dependencies import is_met
from engine.store.listing import NeedyRun, links_of_waiting, needy_runs
from engine.store.overview import Listed
from engine.store.people import of_several
from engine.store.status import LinkKind, Status
from engine.store.tables import Worker


class QueueChange(NamedTuple):
    """Changes of the queue's runs beside the columns of `Listed`."""

    needy: Sequence[NeedyRun]
    links: Mapping[int, Mapping[int, LinkKind]]


def read_queue_change(session: Session, after: int) -> QueueChange:
    """Read what runs have that were written after a change (-1: all)."""
    needy, links = read_together(
        session, lambda: needy_runs(session, after), lambda: links_of_waiting(session, after)
    )
    return QueueChange(needy, links)


BEFORE_ALL = (-(2**63), 0, 0)
"""Place before every run's: where of those that wait only paused ones are known."""


class QueueState:
    """Queued runs with what decides their reasons, kept up to date by the changes of runs."""

    def __init__(self) -> None:
        self._places: dict[int, tuple[int, int, int]] = {}
        """Each queued run's place in the order of claims."""
        self.through: tuple[int, int, int] | None = None
        """Last place up to which all queued runs are known; None where all are. Those behind have no reason yet."""
        self._owners: dict[int, str] = {}
        self._needy: dict[int, NeedyRun] = {}
        self._links: dict[int, Mapping[int, LinkKind]] = {}
        self._first: dict[int, QueuedRun] = {}
        """Runs at the queue's head, as forecasts take them; those that changed since are missing."""
        self._running: list[Row[Any]] = []
        self._longest: dict[int, float] = {}
        self._past: list[PastRun] = []
        self._is_running_read = self._is_past_read = False

    def take(self, runs: Iterable[Listed], gone: Iterable[int], change: QueueChange) -> None:
        """Take runs that changed, and what else changed of them."""
        for run in runs:
            self._drop(run.id)
            self.add(run)
        for run_id in gone:
            self._drop(run_id)
        self._needy |= {run.id: run for run in change.needy}
        self._links |= change.links

    def add(self, run: Listed) -> None:
        """Take a run that is read for the first time, and whose needs and links are known."""
        if run.status == "queued":
            self._places[run.id] = -run.priority, run.position, run.id
            if run.user_name:
                self._owners[run.id] = run.user_name

    def _drop(self, run_id: int) -> None:
        for known in (self._places, self._owners, self._needy, self._links, self._first):
            known.pop(run_id, None)

    def knows_the_head_alone(self) -> None:
        """Note that more runs are queued behind those that are known."""
        self.through = max(self._places.values(), default=BEFORE_ALL)

    def running_changed(self) -> None:
        """Read running runs anew next time: one of them has written progress, began or ended."""
        self._is_running_read = False

    def past_changed(self) -> None:
        """Read the throughput of earlier runs anew next time: a run has measured an epoch or ended."""
        self._is_past_read = self._is_running_read = False

    def facts(
        self,
        session: Session,
        there: Sequence[Worker],
        status_of: Callable[[int], Status | None],
        *,
        is_paused: bool,
        workers_to_come: str = "",
    ) -> Facts:
        """Return what reasons and times are worked out from. `status_of`: of any run, None for one that is gone;
        `workers_to_come`: as `obstacle_to_all` takes it."""
        places = sorted(self._places.values())
        if self.through is not None:
            places = places[: bisect_right(places, self.through)]
        order = [place[2] for place in places]
        lacks = {run_id: said for run_id, run in self._needy.items() if (said := run.lacks(there))}
        obstacle = obstacle_to_all(
            is_paused=is_paused, has_workers=bool(there), workers_to_come=workers_to_come
        )
        head = order[:FAR] if there and obstacle != PAUSED else []
        refused, _ = read_together(
            session,
            lambda: {} if obstacle else read_refused(session, there),
            lambda: self._read(session, head),
        )
        queue = QueueReasons(
            order, obstacle, lacks, self._unmet(status_of), of_several(self._owners), refused
        )
        first = [self._first[run_id] for run_id in head]
        peaks = read_peaks(session, there, [*self._running, *first])
        return Facts(queue, there, self._running, self._past, self._longest, first, peaks)

    def _unmet(self, status_of: Callable[[int], Status | None]) -> dict[int, dict[int, Status]]:
        found: dict[int, dict[int, Status]] = {}
        for run_id, targets in self._links.items():
            states = ((target, status_of(target), kind) for target, kind in targets.items())
            left = {target: is_at for target, is_at, kind in states if is_at and not is_met(is_at, kind)}
            if left:
                found[run_id] = left
        return found

    def _read(self, session: Session, head: Collection[int]) -> None:
        """Read what is not known: earlier runs, running runs, and those at the head."""
        missing = [run_id for run_id in head if run_id not in self._first]
        past, (running, longest), first = read_together(
            session,
            lambda: self._past if self._is_past_read else past_runs(session),
            lambda: (self._running, self._longest) if self._is_running_read else _running(session),
            lambda: read_queued(session, missing),
        )
        self._past, self._running, self._longest = past, running, longest
        self._is_past_read = self._is_running_read = True
        self._first |= {run.id: run for run in first}


def _running(session: Session) -> tuple[list[Row[Any]], dict[int, float]]:
    running = read_running(session)
    return running, longest_s(session, [row.id for row in running]) if running else {}
