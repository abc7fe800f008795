"""State machine of the run table: claim, renew, end, put back, ask.

Each function is one transaction, and so is each edit in `edits/`. Those that read what they write by have the table to
themselves (`Store.write`); a claim, a renewal and what a training records state their condition in the write itself
(`Store.write_rows`).
Invariants (tests/engine/store/test_queue_model.py holds the store against them):
- a run is `running` exactly when it has a lease and a worker; only a running run has a `request`, and one to cancel
  is never made one to pause;
- `attempt` grows by one with each claim and never otherwise;
- a write for an old attempt, or for a run that is not running, raises LeaseLost and changes nothing;
- a call that raises changes nothing: an edit is done to all of its runs or to none;
- `blocked` counts the runs in `run_dependency` that hold this one up: those that are not done, or for the kind
  `any` not ended; none holds up one that has trained an epoch; no run waits, directly or through others, for itself;
- what is claimed is queued, has `blocked` 0, and needs nothing that the worker lacks; a paused queue gives none, and
  neither does a table whose runs were moved to another;
- of these, claims follow the queue's order: priority, highest first, then position, then id;
- no run is lost: a row goes only by `remove`, or by taking back an `add` that nobody has claimed from, and its
  number is not given again;
- `ended_at` is set exactly when the status is one of ENDED;
- `undo` gives the touched columns of the newest edit their old values in exactly the rows that have not changed since.
"""

import functools
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, exists, func, or_, select
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import Session

from engine.store.advice import ADVICE
from engine.store.attempt_times import record_times
from engine.store.backends.protocol import Backend
from engine.store.claims import LEASE_S, Claim, fenced, write_fenced
from engine.store.clock import next_change, now_s
from engine.store.database import Store
from engine.store.dependencies import recount_after
from engine.store.edit_journal import editing
from engine.store.errors import LeaseLost, QueueError
from engine.store.needs import has_none, meets
from engine.store.run_numbers import numbered
from engine.store.schema import IS_QUEUED, IS_RUNNING, QUEUE_ORDER, clock_table, run_table, worker_table
from engine.store.status import ENDED, Cause, Request, Status, may_follow
from engine.store.utc import utc_now


def claim(store: Store, worker_id: int) -> Claim | None:
    """Take the first claimable run, or None: a single UPDATE, so no run is ever taken twice.

    Where others claim at the same moment, each skips the run that another is taking."""
    claiming = _claiming(store.backend.clock_s, store.backend.change)
    return _claim_of(store.write_one(claiming, _claimer(worker_id), is_change=True))


def claim_within(session: Session, backend: Backend, worker_id: int) -> Claim | None:
    """Claim within a write transaction, which is rolled back where there is nothing to claim."""
    backend.count_change(session)
    claiming = _claiming(backend.clock_s, backend.change)
    held = _claim_of(session.execute(claiming, _claimer(worker_id)).first())
    if held is None:
        session.rollback()
    return held


def _claimer(worker_id: int) -> dict[str, Any]:
    return {"claimer": worker_id, "now": utc_now()}


def _claim_of(row: Row[tuple[int, int]] | None) -> Claim | None:
    return None if row is None else Claim(row.id, row.attempt)


def is_claimable(store: Store, worker_id: int) -> bool:
    """Return `has_claimable` by a reading of its own, which takes one round trip over a network."""
    return store.read_one(_first_for(bindparam("claimer")), {"claimer": worker_id}) is not None


def has_claimable(session: Session, worker_id: int) -> bool:
    """Return True where a claim of this worker would get a run."""
    return first_claimable(session, worker_id) is not None


def first_claimable(session: Session, worker_id: int) -> int | None:
    """Return the run that a claim of this worker would get; None where there is none."""
    return session.execute(_first_for(bindparam("claimer")), {"claimer": worker_id}).scalar()


def count_claimable(session: Session, worker_id: int, most: int) -> int:
    """Count the runs that claims of this worker would get, up to `most`."""
    claimable = _first_for(bindparam("claimer")).limit(most)
    return len(session.execute(claimable, {"claimer": worker_id}).all())


def count_trained_by(session: Session, worker_ids: Collection[int | None]) -> int:
    """Count the runs in training by these workers."""
    trained = select(func.count()).where(IS_RUNNING, run_table.c.worker_id.in_(worker_ids))
    return int(session.execute(trained).scalar_one())


def _first_for(claimer: BindParameter[int]) -> Select[tuple[int]]:
    """Select the run that a worker's claim takes."""
    worker = worker_table.c
    has_card = exists(select(worker.id).where(worker.id == claimer, worker.device != "cpu"))
    is_enough = or_(worker.device == "cpu", worker.cards >= run_table.c.gpus)
    has_cards = exists(select(worker.id).where(worker.id == claimer, is_enough).correlate(run_table))
    may_take = exists(select(worker.id).where(worker.id == claimer, meets()).correlate(run_table))
    clock = clock_table.c
    # A worker that was cut off while the runs were moved must take none of the old rows.
    going_on = select(~clock.queue_paused & (clock.moved_to == "")).scalar_subquery()
    return (
        select(run_table.c.id)
        .where(IS_QUEUED, run_table.c.blocked == 0, going_on)
        .where(or_(~run_table.c.needs_card, has_card), or_(run_table.c.gpus == 1, has_cards))
        .where(or_(has_none(), may_take))
        .order_by(*QUEUE_ORDER)
        .limit(1)
    )


@functools.cache
def _claiming(clock_s: ColumnElement[float], change: ColumnElement[int]) -> ReturningUpdate[tuple[int, int]]:
    """Build the UPDATE of a claim, once for each database: it takes longer than a write lock should."""
    claimer: BindParameter[int] = bindparam("claimer")
    first = _first_for(claimer).with_for_update(skip_locked=True, of=run_table)
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
            worker_id=claimer,
            lease_expires_s=clock_s + LEASE_S,
            started_at=func.coalesce(
                run_table.c.started_at, bindparam("now", type_=run_table.c.started_at.type)
            ),
            changed=change,
        )
        .returning(run_table.c.id, run_table.c.attempt)
    )


def renew(store: Store, held: Claim, *, lease_s: float = LEASE_S) -> Request | None:
    """Extend the lease; gives what a user has asked of the run meanwhile. Raises LeaseLost."""
    longer = fenced(held).values(lease_expires_s=store.backend.clock_s + lease_s)
    row = store.write_one(longer.returning(run_table.c.request))
    if row is None:
        raise held.lost()
    return cast(Request | None, row.request)


def end(
    store: Store,
    held: Claim,
    status: Status,
    *,
    cause: Cause | None = None,
    error: str | None = None,
    suggestion: str | None = None,
    times: Mapping[str, float] | None = None,
) -> Status:
    """Record how an attempt ended, with its seconds by phase, and free the runs that waited for it.

    Gives the status recorded: a run that pauses and was asked to cancel meanwhile is cancelled. Raises LeaseLost."""
    with store.write() as session:
        changed = next_change(session)
        if status == "paused" and _request_of(session, held) == "cancel":
            status = "cancelled"
        ended = utc_now() if status in ENDED else None
        write_fenced(
            session,
            held,
            status=status,
            cause=cause,
            error=error,
            suggestion=suggestion,
            ended_at=ended,
            changed=changed,
            **({"failures": 0} if status == "done" else {}),
            **_NO_LEASE,
        )
        record_times(session, held, times)
        if status in ENDED:
            recount_after(session, [held.run_id], changed)
    return status


def _request_of(session: Session, held: Claim) -> Request | None:
    found = session.execute(select(run_table.c.request).where(run_table.c.id == held.run_id)).scalar()
    return cast(Request | None, found)


def put_back(
    store: Store,
    held: Claim,
    *,
    bad_end: tuple[Cause, str] | None = None,
    if_lost: Collection[int] | None = None,
    times: Mapping[str, float] | None = None,
    trains_alone: bool = False,
) -> None:
    """Return a run to its place in the queue, with the seconds of its attempt by phase where they are known; with
    `trains_alone` no other run trains on the card of its next attempts.

    `bad_end` (cause, one line) counts as a failure; at `max_attempts` of them in a row the run fails. With `if_lost`
    only where its lease has run out or its worker is one of these. Raises LeaseLost where that does not hold, or
    the claim."""
    with store.write() as session:
        if if_lost is not None and not _is_lost(session, held, if_lost):
            raise LeaseLost(f"run {held.run_id} has been renewed")
        columns = run_table.c.failures, run_table.c.max_attempts, run_table.c.request
        row = session.execute(select(*columns).where(run_table.c.id == held.run_id)).first()
        if row is None:
            raise LeaseLost(f"run {held.run_id} is gone")
        failures = row.failures + (bad_end is not None)
        changed = next_change(session)
        outcome: dict[str, Any]
        if row.request is not None:
            # No process is left to carry out the request: it is done here.
            outcome = (
                {"status": "cancelled", "ended_at": utc_now()}
                if row.request == "cancel"
                else {"status": "paused"}
            )
        elif bad_end is not None and failures >= row.max_attempts:
            cause, error = bad_end
            outcome = {"status": "failed", "cause": cause, "error": error, "suggestion": ADVICE[cause]}
            outcome["ended_at"] = utc_now()
        else:
            outcome = {"status": "queued"}
        outcome |= {"trains_alone": True} if trains_alone else {}
        write_fenced(session, held, failures=failures, changed=changed, **outcome, **_NO_LEASE)
        record_times(session, held, times)
        if outcome["status"] in ENDED:
            recount_after(session, [held.run_id], changed)


def _lost(session: Session, dead_workers: Collection[int]) -> ColumnElement[bool]:
    return (run_table.c.lease_expires_s < now_s(session)) | run_table.c.worker_id.in_(dead_workers)


def _is_lost(session: Session, held: Claim, dead_workers: Collection[int]) -> bool:
    mine = select(run_table.c.id).where(run_table.c.id == held.run_id, _lost(session, dead_workers))
    return session.execute(mine).first() is not None


def expire_leases(
    store: Store, *, dead_workers: Collection[int] = (), trusts_leases: bool = True
) -> list[int]:
    """Put back the runs whose lease has expired or whose worker is known to be dead; return their ids. With
    `trusts_leases` False an expired lease tells nothing.

    They are first read without the write lock, because mostly there are none, and each is checked again when it is put
    back, because its worker may have renewed the lease in between."""
    with store.read() as session:
        lost = _lost(session, dead_workers) if trusts_leases else run_table.c.worker_id.in_(dead_workers)
        statement = select(run_table.c.id, run_table.c.attempt).where(IS_RUNNING, lost)
        held = [Claim(row.id, row.attempt) for row in session.execute(statement)]
    returned = []
    for each in held:
        try:
            bad_end: tuple[Cause, str] = "worker_lost", "the worker vanished and its lease ran out"
            put_back(store, each, bad_end=bad_end, if_lost=dead_workers)
        except LeaseLost:
            continue
        returned.append(each.run_id)
    return returned


def ask(store: Store, run_ids: Sequence[int], request: Request) -> dict[int, Status]:
    """Cancel or pause runs: waiting ones at once, running ones when their process has obeyed.

    Gives each run's status before. Raises QueueError, changing nothing, where one cannot be asked this."""
    target: Status = "cancelled" if request == "cancel" else "paused"
    with editing(store, request, run_ids, ("status", "request", "ended_at")) as edit:
        for run_id, status in edit.was.items():
            if status not in may_follow(target):
                raise QueueError(f"run {run_id} is {status}: it cannot be {target}")
            if request == "pause" and edit.before[run_id]["request"] == "cancel":
                raise QueueError(
                    f"run {run_id} was asked to cancel: take that back first with resnet-tui undo"
                )
        waiting = [run_id for run_id, status in edit.was.items() if status != "running"]
        running = [run_id for run_id, status in edit.was.items() if status == "running"]
        edit.write(waiting, status=target, ended_at=utc_now() if target in ENDED else None)
        edit.write(running, request=request)
        edit.text = f"{request} {numbered(edit.was)}"
    return edit.was


_NO_LEASE: dict[str, Any] = {"worker_id": None, "lease_expires_s": None, "request": None, "doing": ""}
