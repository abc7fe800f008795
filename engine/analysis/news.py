"""News of the runs that ended or got a warning since a time. No SQL, no terminal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from engine.analysis.finding import GRAVE, head_of


class RunState(NamedTuple):
    """Columns of a run that news need."""

    id: int
    status: str
    label: str
    """Arch, source of the initial weights and lr, as a line names a run."""
    ended_at: datetime | None
    cause: str | None = None
    error: str | None = None
    sweep: str = ""
    data: str = ""
    selected_on: str = ""
    best: float | None = None
    baseline: float | None = None
    verdict: str | None = None
    """Word of older versions."""
    evidence: str | None = None
    """Of the gravest finding."""
    headline: str | None = None
    severity: str | None = None

    @property
    def head(self) -> tuple[str, str]:
        """Headline and severity of the gravest finding."""
        return head_of(self.headline, self.severity, self.verdict)

    @property
    def is_warned(self) -> bool:
        return self.head[1] in GRAVE


class Best(NamedTuple):
    """Best run of a sweep on one data set."""

    sweep: str
    run: RunState
    of: int
    """Number of done runs that were compared, the best included."""


@dataclass(frozen=True)
class News:
    """Runs that ended, in the order of their end, and runs with a warning."""

    done: tuple[RunState, ...]
    failed: tuple[RunState, ...]
    cancelled: tuple[RunState, ...]
    best: tuple[Best, ...]
    warned: tuple[RunState, ...]
    warned_running: tuple[int, ...]
    """All running runs with a warning, whether it was shown before or not."""
    latest_end: datetime | None
    """Latest end among the runs that ended; the next news start after it."""


@dataclass(frozen=True)
class Events:
    """Runs with something to tell."""

    ended: tuple[RunState, ...]
    """The latest end first."""
    warned: tuple[RunState, ...]
    """Running runs with a warning, by id."""
    more: int
    """Runs that ended in the same time before these."""


def gather(
    ended: Sequence[RunState],
    running: Iterable[RunState],
    sweeps: Mapping[str, Sequence[RunState]],
    *,
    already_warned: Iterable[int] = (),
) -> News:
    """Sort runs into news. `ended`: the runs that ended since; `sweeps`: all done runs of the sweeps that these belong
    to; `already_warned`: running runs whose warning was shown before."""
    in_order = sorted(ended, key=lambda run: (run.ended_at is not None and run.ended_at.timestamp(), run.id))
    live = [run for run in running if run.is_warned]
    known = set(already_warned)
    fresh = [run for run in live if run.id not in known]

    def those(status: str) -> tuple[RunState, ...]:
        return tuple(run for run in in_order if run.status == status)

    return News(
        done=those("done"),
        failed=those("failed"),
        cancelled=those("cancelled"),
        best=tuple(_best(in_order, sweeps)),
        warned=tuple(run for run in [*in_order, *fresh] if run.is_warned),
        warned_running=tuple(run.id for run in live),
        latest_end=max((run.ended_at for run in ended if run.ended_at is not None), default=None),
    )


def _best(ended: Sequence[RunState], sweeps: Mapping[str, Sequence[RunState]]) -> Iterable[Best]:
    """Yield the best run of each sweep where it is among the ended ones. Runs are compared where data and `select_on`
    are the same."""
    fresh = {run.id for run in ended}
    for sweep, runs in sweeps.items():
        groups: dict[tuple[str, str], list[RunState]] = {}
        for run in runs:
            if run.best is not None:
                groups.setdefault((run.data, run.selected_on), []).append(run)
        for alike in groups.values():
            top = max(alike, key=lambda run: (run.best or 0.0, -run.id))
            if top.id in fresh and len(alike) > 1:
                yield Best(sweep, top, len(alike))
