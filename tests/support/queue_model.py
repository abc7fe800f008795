"""Model of the store's verbs, on plain Python objects: no database, no clock, no files."""

import copy
import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

GAP = 2**20
ENDED = ("done", "failed", "cancelled")
LABELS = {"note", "priority", "position"}


class Refused(Exception):
    """The store must raise QueueError and change nothing."""


class Stale(Exception):
    """The store must raise LeaseLost and change nothing."""


@dataclass
class MRun:
    id: int
    priority: int
    position: int
    max_attempts: int
    needs_card: bool
    links: dict[int, str]
    source: int | None = None
    """The run whose weights it starts from; it stays when the link has gone with that run."""
    lr: float = 0.01
    status: str = "queued"
    request: str | None = None
    cause: str | None = None
    ended: int | None = None
    worker: int | None = None
    attempt: int = 0
    failures: int = 0
    epoch: int = 0
    note: str = ""

    @property
    def key(self) -> tuple[int, int, int]:
        return -self.priority, self.position, self.id


@dataclass
class MEdit:
    before: dict[int, MRun]
    after: dict[int, MRun]
    added: list[int] = field(default_factory=list)
    final: set[int] = field(default_factory=set)
    paused: tuple[bool, bool] | None = None


class Model:
    def __init__(self) -> None:
        self.runs: dict[int, MRun] = {}
        self.paused = False
        self.journal: list[MEdit] = []
        self.next_id = 1
        self.clock = itertools.count(1)

    # What is asked of the state

    def holds_up(self, kind: str, target: int) -> bool:
        status = self.runs[target].status
        return status not in ENDED if kind == "any" else status != "done"

    def blocked(self, run: MRun) -> int:
        return 0 if run.epoch else sum(self.holds_up(kind, target) for target, kind in run.links.items())

    def order(self) -> list[int]:
        return [
            run.id for run in sorted(self.runs.values(), key=lambda run: run.key) if run.status == "queued"
        ]

    def get(self, run_ids: Iterable[int]) -> list[MRun]:
        if any(run_id not in self.runs for run_id in run_ids):
            raise Refused
        return [self.runs[run_id] for run_id in run_ids]

    def held(self, run_id: int, attempt: int) -> MRun:
        run = self.runs.get(run_id)
        if run is None or run.attempt != attempt or run.status != "running":
            raise Stale
        return run

    # Workers

    def claim(self, worker: int, *, has_card: bool) -> tuple[int, int] | None:
        for run_id in self.order():
            run = self.runs[run_id]
            if self.paused or self.blocked(run) or (run.needs_card and not has_card):
                continue
            run.status, run.worker, run.request, run.cause = "running", worker, None, None
            run.attempt += 1
            return run_id, run.attempt
        return None

    def finish(self, run: MRun, status: str, cause: str | None) -> None:
        run.status, run.cause, run.request, run.worker = status, cause, None, None
        run.ended = next(self.clock) if status in ENDED else None

    def end(self, run: MRun, status: str, cause: str | None) -> None:
        self.finish(run, "cancelled" if (status, run.request) == ("paused", "cancel") else status, cause)

    def put_back(self, run: MRun, *, bad: bool) -> None:
        run.failures += bad
        if run.request is not None:
            self.finish(run, "cancelled" if run.request == "cancel" else "paused", run.cause)
        elif bad and run.failures >= run.max_attempts:
            self.finish(run, "failed", "signal")
        else:
            run.status, run.request, run.worker = "queued", None, None

    # Edits

    def edit(self, do: Callable[[], Collection[int]]) -> None:
        """Do it, and note what differs; `do` gives the runs that cannot come back."""
        before = copy.deepcopy(self.runs)
        final = set(do())
        after = copy.deepcopy(self.runs)
        differing = {run_id for run_id in after if before.get(run_id) != after[run_id]} - final
        self.note(MEdit({i: before[i] for i in differing}, {i: after[i] for i in differing}, final=final))

    def note(self, edit: MEdit) -> None:
        if edit.after or edit.added or edit.final or edit.paused:
            self.journal = [*self.journal, edit][-100:]

    def add(self, runs: Sequence[dict[str, Any]]) -> None:
        top = max((run.position for run in self.runs.values()), default=0)
        ids = []
        for number, values in enumerate(runs, 1):
            self.get(values["links"])
            ids.append(self.next_id)
            self.runs[self.next_id] = MRun(id=self.next_id, position=top + number * GAP, **values)
            self.next_id += 1
        self.note(MEdit({}, {}, added=ids))

    def ask(self, run_ids: Sequence[int], request: str) -> None:
        runs = self.get(run_ids)
        may = ("queued", "running", "paused") if request == "cancel" else ("queued", "running")
        if any(run.status not in may for run in runs):
            raise Refused
        if request == "pause" and any(run.request == "cancel" for run in runs):
            raise Refused
        self.edit(lambda: [self._ask(run, request) for run in runs][:0])

    def _ask(self, run: MRun, request: str) -> None:
        if run.status == "running":
            run.request = request
        else:
            run.status = "cancelled" if request == "cancel" else "paused"
            run.ended = next(self.clock) if request == "cancel" else None

    def resume(self, run_ids: Sequence[int]) -> None:
        runs = self.get(run_ids)
        if any(run.status != "paused" and (run.status, run.request) != ("running", "pause") for run in runs):
            raise Refused

        def do() -> list[int]:
            for run in runs:
                if run.status == "paused":
                    run.status = "queued"
                else:
                    run.request = None
            return []

        self.edit(do)

    def retry(self, run_ids: Sequence[int], *, fresh: bool) -> None:
        runs = self.get(run_ids)
        if any(run.status not in (ENDED if fresh else ("failed", "cancelled")) for run in runs):
            raise Refused
        if any(run.source is not None and run.source not in self.runs for run in runs):
            raise Refused
        anew = [run for run in runs if fresh or run.cause in ("code", "diverged")]
        if any(self.is_about_to_read(other, run) for other in self.runs.values() for run in anew):
            raise Refused

        def do() -> list[int]:
            for run in runs:
                run.status, run.failures, run.cause, run.ended = "queued", 0, None, None
            for run in anew:
                run.epoch = 0
            return [run.id for run in anew]

        self.edit(do)

    def is_about_to_read(self, run: MRun, source: MRun) -> bool:
        return run.status == "running" and not run.epoch and run.links.get(source.id) == "source"

    def set_lr(self, run_ids: Sequence[int], lr: float) -> None:
        runs = self.get(run_ids)
        if any(run.status not in ("queued", "paused") or (run.epoch and run.lr != lr) for run in runs):
            raise Refused
        self.edit(lambda: [setattr(run, "lr", lr) for run in runs][:0])

    def label(self, run_ids: Sequence[int], note: str) -> None:
        runs = self.get(run_ids)
        self.edit(lambda: [setattr(run, "note", note) for run in runs][:0])

    def set_priority(self, run_ids: Sequence[int], priority: int) -> None:
        runs = self.get(run_ids)
        if any(run.status in ENDED for run in runs):
            raise Refused
        self.edit(lambda: [setattr(run, "priority", priority) for run in runs][:0])

    def move(self, run_ids: Sequence[int], direction: str) -> None:
        if any(run.status not in ("queued", "paused") for run in self.get(run_ids)):
            raise Refused
        saved = copy.deepcopy(self.runs)
        try:
            self.edit(lambda: self._move(run_ids, direction))
        except Refused:
            self.runs = saved
            raise

    def _move(self, run_ids: Sequence[int], direction: str) -> list[int]:
        runs = sorted(self.get(run_ids), key=lambda run: run.key, reverse=direction in ("down", "top"))
        for run in runs:
            alike = [each for each in self.runs.values() if each.priority == run.priority]
            if direction in ("top", "bottom"):
                places = [
                    each.position for each in alike if each.status in ("queued", "paused") and each is not run
                ]
                if places:
                    run.position = min(places) - GAP if direction == "top" else max(places) + GAP
                continue
            beside = [
                each
                for each in alike
                if each.status == "queued" and (each.key < run.key) == (direction == "up") and each is not run
            ]
            if not beside:
                raise Refused
            other = (max if direction == "up" else min)(beside, key=lambda each: each.key)
            if other.position == run.position:
                alike.sort(key=lambda each: each.key)
                for number, each in enumerate(alike):
                    each.position = alike[0].position + number * GAP
            other.position, run.position = run.position, other.position
        return []

    def remove(self, run_ids: Sequence[int]) -> None:
        if any(run.status == "running" for run in self.get(run_ids)):
            raise Refused
        gone = set(run_ids)
        for run in self.runs.values():
            if run.id not in gone and run.status not in ENDED and gone & run.links.keys():
                raise Refused
        for run_id in gone:
            del self.runs[run_id]
        for run in self.runs.values():
            run.links = {target: kind for target, kind in run.links.items() if target not in gone}
        self.note(MEdit({}, {}, final=gone))

    def pause_queue(self, paused: bool) -> None:
        if self.paused != paused:
            self.note(MEdit({}, {}, paused=(self.paused, paused)))
            self.paused = paused

    def undo(self) -> list[int] | None:
        """The runs that are restored (0: the queue); None where the journal is empty."""
        if not self.journal:
            return None
        edit = self.journal.pop()
        restored = self._take_out(edit.added)
        if edit.paused and self.paused == edit.paused[1]:
            self.paused = edit.paused[0]
            restored.append(0)
        for run_id, before in edit.before.items():
            after, now = edit.after[run_id], self.runs.get(run_id)
            names = {name for name in vars(before) if getattr(before, name) != getattr(after, name)}
            compared = names if names <= LABELS else names | {"attempt", "status"}
            if now is not None and all(getattr(now, name) == getattr(after, name) for name in compared):
                for name in names:
                    setattr(now, name, getattr(before, name))
                restored.append(run_id)
        return restored

    def _take_out(self, added: Sequence[int]) -> list[int]:
        there = [self.runs[i] for i in added if i in self.runs]
        goes = {run.id for run in there if run.status == "queued" and not run.attempt}
        while True:
            needed = {target for run in self.runs.values() if run.id not in goes for target in run.links}
            if not needed & goes:
                break
            goes -= needed
        for run_id in goes:
            del self.runs[run_id]
        return sorted(goes)
