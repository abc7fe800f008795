"""Resume runs, and pause the whole queue; `queue.ask` pauses and cancels runs."""

from collections.abc import Collection

from sqlalchemy import select
from sqlmodel import Session

from engine.store.clock import next_change
from engine.store.database import Store
from engine.store.dependencies import some_of
from engine.store.edit_journal import PAUSED, QUEUE, editing, note
from engine.store.errors import QueueError
from engine.store.listing import queue_paused
from engine.store.run_numbers import numbered
from engine.store.schema import clock_table, run_table
from engine.store.status import Status


def resume(store: Store, run_ids: Collection[int]) -> dict[int, Status]:
    """Queue paused runs again, in their old places; take a request to pause back from running ones.

    Gives each run's status before. Raises QueueError, changing nothing, for a run that is neither."""
    with editing(store, "resume", run_ids, ("status", "request")) as edit:
        asked = _asked_to_pause(edit.session, edit.was)
        for run_id, status in edit.was.items():
            if status != "paused" and run_id not in asked:
                advice = ": retry queues it again" if status in ("failed", "cancelled") else ""
                raise QueueError(f"run {run_id} is {status}, not paused{advice}")
        edit.write([run_id for run_id in edit.was if run_id not in asked], status="queued")
        edit.write(asked, request=None)
        edit.text = f"resume {numbered(edit.was)}"
    return edit.was


def pause_queue(store: Store) -> bool:
    """Pause the queue: no run is claimed, running ones continue. False where it was paused already."""
    return _set_paused(store, True)


def resume_queue(store: Store) -> bool:
    """Let runs be claimed again. False where the queue was not paused."""
    return _set_paused(store, False)


def _set_paused(store: Store, paused: bool) -> bool:
    with store.write() as session:
        next_change(session)
        if queue_paused(session) == paused:
            session.rollback()
            return False
        session.execute(clock_table.update().values(queue_paused=paused))
        verb = "queue pause" if paused else "queue resume"
        change = {"id": QUEUE, "before": {PAUSED: not paused}, "after": {PAUSED: paused}}
        note(session, verb, verb, [change])
    return True


def _asked_to_pause(session: Session, run_ids: Collection[int]) -> set[int]:
    """Return the running ones of these runs that have not paused yet."""
    table = run_table.c
    found: set[int] = set()
    for some in some_of(run_ids):
        asked = select(table.id).where(
            table.id.in_(some), table.status == "running", table.request == "pause"
        )
        found |= set(session.execute(asked).scalars())
    return found
