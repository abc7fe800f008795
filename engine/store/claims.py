"""Claim of a worker on a run: the fencing token of every write of a training process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, Update, select
from sqlmodel import Session

from engine.store.database import Store
from engine.store.errors import LeaseLost
from engine.store.schema import run_table
from engine.store.status import check_transition

LEASE_S = 15.0
"""Time for which a claim is valid after its last renewal."""


@dataclass(frozen=True)
class Claim:
    """Right of a worker to write to a run; valid while `attempt` is the run's latest."""

    run_id: int
    attempt: int

    def lost(self) -> LeaseLost:
        """Return the error for a write that came too late."""
        return LeaseLost(f"run {self.run_id} attempt {self.attempt}")


def write_fenced(session: Session, held: Claim, **values: Any) -> None:
    """Write to a run's row while the claim holds. Raises LeaseLost, TransitionError."""
    if "status" in values:
        check_transition(held.run_id, "running", values["status"])
    result = cast("CursorResult[Any]", session.execute(fenced(held).values(**values)))
    if result.rowcount == 0:
        raise held.lost()


def write_fenced_one(store: Store, held: Claim, **values: Any) -> None:
    """Write to a run's row anything but its status, in a transaction of its own, while the claim holds. Raises
    LeaseLost."""
    mine = fenced(held).values(changed=store.backend.change, **values)
    if store.write_one(mine.returning(run_table.c.id), is_change=True) is None:
        raise held.lost()


def fenced(held: Claim) -> Update:
    """Return an UPDATE of the run's row that matches only while the claim holds."""
    return run_table.update().where(
        run_table.c.id == held.run_id, run_table.c.attempt == held.attempt, run_table.c.status == "running"
    )


@contextmanager
def fence(store: Store, held: Claim) -> Iterator[None]:
    """Prevent other claims on the run while one of its files is put in place. Raises LeaseLost."""
    mine = (run_table.c.id == held.run_id) & (run_table.c.attempt == held.attempt)
    wanted = select(run_table.c.id).where(mine, run_table.c.status == "running").with_for_update()
    with store.write_rows() as session:
        if session.execute(wanted).first() is None:
            raise held.lost()
        yield
