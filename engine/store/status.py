"""Statuses of a run, and which may follow which."""

from typing import Literal, get_args

from engine.store.errors import TransitionError

Status = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
Cause = Literal["code", "data", "diverged", "out_of_memory", "signal", "disk", "database", "worker_lost"]
Request = Literal["cancel", "pause"]
LinkKind = Literal["ok", "any", "source"]
"""Condition of another run that a run waits for: it is done (`ok`), it has ended (`any`), it has weights (`source`)."""

WAITS = "waits"
"""Beginning of the state of a worker that claims nothing though a run is queued, before the reason."""
Asked = Literal["stopping", "draining"]
STOPPING: Asked = "stopping"
DRAINING: Asked = "draining"
ASKED: tuple[Asked, ...] = get_args(Asked)
"""States of a worker that was asked to leave: at once with a checkpoint, or when its run has ended."""
STATUSES: tuple[Status, ...] = get_args(Status)
ENDED: tuple[Status, ...] = ("done", "failed", "cancelled")
FROM_THE_START: tuple[Cause, ...] = ("code", "diverged")
"""Causes after which the checkpoint would lead there again. After `data` it does not: a run goes on only with the data
that it began with, and a folder may just not have been mounted."""

_NEXT: dict[Status, tuple[Status, ...]] = {
    "queued": ("running", "paused", "cancelled"),
    "running": ("done", "failed", "cancelled", "paused", "queued"),
    "paused": ("queued", "cancelled"),
    "failed": ("queued",),
    "cancelled": ("queued",),
    "done": ("queued",),
}


def status_called(name: str) -> Status | None:
    """Return the status of that name; None where there is none."""
    return next((status for status in STATUSES if status == name), None)


def may_follow(new: Status) -> tuple[Status, ...]:
    """Return the statuses from which a run may become `new`."""
    return tuple(status for status in STATUSES if new in _NEXT[status])


def check_transition(run_id: int, old: Status, new: Status) -> None:
    if new not in _NEXT[old]:
        raise TransitionError(f"run {run_id} is {old}: it cannot become {new}")
