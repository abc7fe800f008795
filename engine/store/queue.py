"""The state machine of the run table: add, claim, renew, end, request.

Each function is one transaction that holds the write lock from its start. Invariants:
- a run is `running` exactly when it has a lease, and `attempt` grows by one with each claim;
- a write for an old attempt, or for a run that is not running, raises LeaseLost and changes nothing;
- `blocked` counts the runs in `run_dependency` that are not done; only `blocked = 0` is claimed;
- the queue's order is priority, highest first, then position.
"""

import functools
from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.sql.dml import ReturningUpdate

from engine.store.database import Store
from engine.store.fencing import (
    Claim,
    LeaseLost,
    QueueError,
    clock_s,
    clock_table,
    dependency_table,
    fenced,
    next_change,
    now_s,
    run_table,
    statuses,
    write_fenced,
)
from engine.store.status import ENDED, Cause, Request, Status, may_follow
from engine.store.tables import utc_now

LEASE_S = 15.0
RENEW_EVERY_S = 5.0


def claim(store: Store, worker_id: int) -> Claim | None:
    """Take the first claimable run, or None: a single UPDATE, so no run is ever taken twice."""
    statement, values = _claiming(store.engine.dialect.name), {"claimer": worker_id, "now": utc_now()}
    with store.write() as session:
        session.execute(_COUNT_CHANGE)
        row = session.execute(statement, values).first()
        if row is None:
            session.rollback()
            return None
    return Claim(row.id, row.attempt)


@functools.cache
def _claiming(dialect: str) -> ReturningUpdate[tuple[int, int]]:
    """The UPDATE of a claim. Made once: what is made while the write lock is held, all others wait for."""
    first = (
        select(run_table.c.id)
        .where(text("status = 'queued'"), run_table.c.blocked == 0)
        .order_by(run_table.c.priority.desc(), run_table.c.position)
        .limit(1)
    )
    if dialect != "sqlite":
        first = first.with_for_update(skip_locked=True)
    return (
        run_table.update()
        .where(run_table.c.id == first.scalar_subquery())
        .values(
            status="running",
            request=None,
            cause=None,
            error=None,
            suggestion=None,
            attempt=run_table.c.attempt + 1,
            worker_id=bindparam("claimer"),
            lease_expires_s=clock_s(dialect) + LEASE_S,
            started_at=func.coalesce(
                run_table.c.started_at, bindparam("now", type_=run_table.c.started_at.type)
            ),
            changed=select(clock_table.c.changed).scalar_subquery(),
        )
        .returning(run_table.c.id, run_table.c.attempt)
    )


def renew(store: Store, held: Claim) -> Request | None:
    """Extend the lease; gives what a user has asked of the run meanwhile. Raises LeaseLost."""
    with store.write() as session:
        statement = (
            fenced(held).values(lease_expires_s=now_s(session) + LEASE_S).returning(run_table.c.request)
        )
        row = session.execute(statement).first()
        if row is None:
            raise LeaseLost(f"run {held.run_id} attempt {held.attempt}")
        return cast(Request | None, row.request)


def end(
    store: Store,
    held: Claim,
    status: Status,
    *,
    cause: Cause | None = None,
    error: str | None = None,
    suggestion: str | None = None,
) -> None:
    """Record how an attempt ended and free the runs that waited for it. Raises LeaseLost."""
    ended = utc_now() if status in ENDED else None
    with store.write() as session:
        changed = next_change(session)
        write_fenced(
            session,
            held,
            status=status,
            cause=cause,
            error=error,
            suggestion=suggestion,
            ended_at=ended,
            changed=changed,
            **_NO_LEASE,
        )
        if status == "done":
            waiting = select(dependency_table.c.run_id).where(dependency_table.c.after_id == held.run_id)
            session.execute(
                run_table.update()
                .where(run_table.c.id.in_(waiting), run_table.c.blocked > 0)
                .values(blocked=run_table.c.blocked - 1, changed=changed)
            )


def put_back(store: Store, held: Claim, *, bad_end: tuple[Cause, str] | None = None) -> None:
    """Return a run to its place in the queue.

    `bad_end` (cause, one line) counts as a failure; at `max_attempts` of them in a row the run fails.
    Raises LeaseLost."""
    with store.write() as session:
        columns = run_table.c.failures, run_table.c.max_attempts, run_table.c.request
        row = session.execute(select(*columns).where(run_table.c.id == held.run_id)).first()
        if row is None:
            raise LeaseLost(f"run {held.run_id} is gone")
        failures = row.failures + (bad_end is not None)
        changed = next_change(session)
        outcome: dict[str, Any]
        if row.request is not None:
            # Nobody is left to obey: what was asked is done here.
            outcome = (
                {"status": "cancelled", "ended_at": utc_now()}
                if row.request == "cancel"
                else {"status": "paused"}
            )
        elif bad_end is not None and failures >= row.max_attempts:
            outcome = {"status": "failed", "cause": bad_end[0], "error": bad_end[1], "ended_at": utc_now()}
        else:
            outcome = {"status": "queued"}
        write_fenced(session, held, failures=failures, changed=changed, **outcome, **_NO_LEASE)


def expire_leases(store: Store, *, dead_workers: Iterable[int] = ()) -> list[int]:
    """Put back the runs whose lease ran out or whose worker is known to be gone; gives their ids."""
    with store.read() as session:
        lost = (run_table.c.lease_expires_s < now_s(session)) | run_table.c.worker_id.in_(list(dead_workers))
        statement = select(run_table.c.id, run_table.c.attempt).where(run_table.c.status == "running", lost)
        held = [Claim(row.id, row.attempt) for row in session.execute(statement)]
    returned = []
    for each in held:
        try:
            put_back(store, each, bad_end=("worker_lost", "the worker vanished and its lease ran out"))
        except LeaseLost:
            continue
        returned.append(each.run_id)
    return returned


def ask(store: Store, run_ids: Sequence[int], request: Request) -> dict[int, Status]:
    """Cancel or pause runs: waiting ones at once, running ones when their process has obeyed.

    Gives each run's status before. Raises QueueError, changing nothing, where one cannot be asked this."""
    target: Status = "cancelled" if request == "cancel" else "paused"
    with store.write() as session:
        before = statuses(session, run_ids)
        for run_id, status in before.items():
            if status not in may_follow(target):
                raise QueueError(f"run {run_id} is {status}: it cannot be {target}")
        changed = next_change(session)
        waiting = [run_id for run_id, status in before.items() if status != "running"]
        running = [run_id for run_id, status in before.items() if status == "running"]
        ended = utc_now() if target in ENDED else None
        session.execute(
            run_table.update()
            .where(run_table.c.id.in_(waiting))
            .values(status=target, ended_at=ended, changed=changed)
        )
        session.execute(
            run_table.update().where(run_table.c.id.in_(running)).values(request=request, changed=changed)
        )
    return before


_COUNT_CHANGE = clock_table.update().values(changed=clock_table.c.changed + 1)
_NO_LEASE: dict[str, Any] = {"worker_id": None, "lease_expires_s": None, "request": None, "doing": ""}
