"""Claims that wait while something speaks against the first run, which holds back all that follow it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from engine.store import queue
from engine.store.claims import Claim
from engine.store.database import Store

Refusal = Callable[[Session, int], str | None]
"""Function that says why a run has to wait, by its id; None where it has not."""


@dataclass(frozen=True)
class Tried:
    """Outcome of a try to claim: a claim, or the reason why the first run waits; neither where none is queued."""

    claim: Claim | None = None
    reason: str | None = None


def claim_unless(store: Store, worker_id: int, refusal: Refusal) -> Tried:
    """Claim the first run that the worker could ever take, unless it has to wait.

    The decision is made in the transaction of the claim, which no other writes beside: two workers never get the same
    room. Most tries end before, with a reading, and hold up nobody's writes."""

    def obstacle(session: Session) -> Tried | None:
        run_id = queue.first_claimable(session, worker_id)
        reason = refusal(session, run_id) if run_id is not None else None
        return Tried(reason=reason) if run_id is None or reason is not None else None

    with store.read() as session:
        if (found := obstacle(session)) is not None:
            return found
    with store.write() as session:
        return obstacle(session) or Tried(queue.claim_within(session, store.backend, worker_id))
