"""What a key does to runs: the store's verbs, each giving the line that says what happened. No screen in here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.paths import Home
from engine.store import queue
from engine.store.database import Store
from engine.store.edits import labels, order, remove, retry, state, undo
from engine.store.edits.order import Direction
from engine.store.fencing import QueueError, statuses
from engine.store.journal import QUEUE
from engine.store.listing import queue_paused
from engine.store.status import Request, Status
from engine.store.wording import numbered


@dataclass(frozen=True)
class Done:
    """What happened, in a line; `warning` where not all of it did."""

    text: str
    warning: bool = False


def cancel(store: Store, run_ids: Sequence[int]) -> Done:
    """Raises QueueError, as all of these do."""
    return _asked(store, run_ids, "cancel", "cancelled", "asked to stop")


def pause_or_resume(store: Store, run_ids: Sequence[int]) -> Done:
    """Paused runs go on where all are; else those that can be are paused."""
    with store.read() as session:
        before = statuses(session, run_ids)
    if all(status == "paused" for status in before.values()):
        state.resume(store, run_ids)
        return Done(f"{numbered(run_ids)}: queued again")
    wanted = [run_id for run_id, status in before.items() if status != "paused"]
    return _asked(store, wanted, "pause", "paused", "asked to pause")


def _asked(store: Store, run_ids: Sequence[int], request: Request, waited: str, ran: str) -> Done:
    before = queue.ask(store, run_ids, request)
    parts = [
        f"{numbered(some)}: {what}"
        for some, what in ((_with(before, True), ran), (_with(before, False), waited))
        if some
    ]
    return Done("; ".join(parts))


def _with(before: dict[int, Status], running: bool) -> list[int]:
    return [run_id for run_id, status in before.items() if (status == "running") == running]


def retry_runs(store: Store, home: Home, run_ids: Sequence[int]) -> Done:
    done = retry.retry(store, home, run_ids)
    parts = [
        f"{numbered(some)}: queued again {how}"
        for some, how in ((done.going_on, "to go on"), (done.from_start, "from the start"))
        if some
    ]
    parts += [f"files of run {run_id} are left: {why}" for run_id, why in done.left.items()]
    return Done("; ".join(parts), bool(done.left))


def remove_runs(store: Store, home: Home, run_ids: Sequence[int]) -> Done:
    done = remove.remove(store, home, run_ids)
    left = [f"the folder of run {run_id} is left: {why}" for run_id, why in done.left.items()]
    return Done("; ".join([f"{numbered(done.ids)}: removed", *left]), bool(left))


def move(store: Store, run_ids: Sequence[int], direction: Direction) -> Done:
    order.move(store, run_ids, direction)
    return Done(f"{numbered(run_ids)}: moved {direction}")


def note(store: Store, run_ids: Collection[int], text: str) -> Done:
    labels.set_note(store, run_ids, text)
    return Done(f"{numbered(run_ids)}: {'noted' if text else 'no note any more'}")


def tag(store: Store, run_ids: Collection[int], text: str) -> Done:
    """Words become tags; one with a minus before it is taken away."""
    words = text.replace(",", " ").split()
    if not words:
        raise QueueError("give a tag, or -tag to take one away")
    labels.tag(
        store,
        run_ids,
        add=[word for word in words if not word.startswith("-")],
        remove=[word[1:] for word in words if word.startswith("-")],
    )
    return Done(f"{numbered(run_ids)}: {' '.join(words)}")


def pause_queue(store: Store) -> Done:
    """Pause the whole queue, or let it go on."""
    with store.read() as session:
        paused = queue_paused(session)
    if paused:
        state.resume_queue(store)
        return Done("the queue goes on")
    state.pause_queue(store)
    return Done("the queue is paused: running runs go on")


def undo_newest(store: Store) -> Done:
    undone = undo.undo(store)
    if undone is None:
        raise QueueError("there is no edit to take back")
    reasons: dict[str, list[int]] = {}
    for run_id, why in undone.left.items():
        reasons.setdefault(why, []).append(run_id)
    left = [
        f"{'the queue' if some == [QUEUE] else numbered(some)} stays: {why}" for why, some in reasons.items()
    ]
    head = f"{'undone' if undone.restored else 'cannot be undone'}: {undone.text}"
    return Done("; ".join([head, *left]), bool(left))
