"""What happened since a time, from what runs have become. No SQL, no terminal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the first frame waits for no verdict
    from engine.analysis.case import VerdictKind

WARNINGS: tuple["VerdictKind", ...] = ("collapsed", "diverged", "overfitting")
"""Verdicts that are worth a warning, in lists, details and news alike."""


class RunState(NamedTuple):
    """What news needs of a run."""

    id: int
    status: str
    label: str
    """Arch, what it starts from and lr, as a line names a run."""
    ended_at: datetime | None
    cause: str | None = None
    error: str | None = None
    sweep: str = ""
    data: str = ""
    selected_on: str = ""
    best: float | None = None
    baseline: float | None = None
    verdict: str | None = None
    evidence: str | None = None


class Best(NamedTuple):
    """The best run of a sweep on one data set."""

    sweep: str
    run: RunState
    of: int
    """How many done runs it was compared with, itself among them."""


@dataclass(frozen=True)
class News:
    """What ended, in the order of its end, and what is to be looked at."""

    done: tuple[RunState, ...]
    failed: tuple[RunState, ...]
    cancelled: tuple[RunState, ...]
    best: tuple[Best, ...]
    warned: tuple[RunState, ...]
    warned_running: tuple[int, ...]
    """The running runs that a warning is known of, told before or not."""
    latest_end: datetime | None
    """Of the runs that ended: the next news begin behind it."""


def gather(
    ended: Sequence[RunState],
    running: Iterable[RunState],
    sweeps: Mapping[str, Sequence[RunState]],
    *,
    told: Iterable[int] = (),
) -> News:
    """`ended`: the runs that ended since; `sweeps`: all done runs of the sweeps that these belong to; `told`: running
    runs whose warning is known already."""
    in_order = sorted(ended, key=lambda run: (run.ended_at is not None and run.ended_at.timestamp(), run.id))
    live = [run for run in running if run.verdict in WARNINGS]
    known = set(told)
    fresh = [run for run in live if run.id not in known]

    def those(status: str) -> tuple[RunState, ...]:
        return tuple(run for run in in_order if run.status == status)

    return News(
        done=those("done"),
        failed=those("failed"),
        cancelled=those("cancelled"),
        best=tuple(_best(in_order, sweeps)),
        warned=tuple(run for run in [*in_order, *fresh] if run.verdict in WARNINGS),
        warned_running=tuple(run.id for run in live),
        latest_end=max((run.ended_at for run in ended if run.ended_at is not None), default=None),
    )


def _best(ended: Sequence[RunState], sweeps: Mapping[str, Sequence[RunState]]) -> Iterable[Best]:
    """The sweeps whose best run is among these; runs are compared where data and selecting metric are the same."""
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
