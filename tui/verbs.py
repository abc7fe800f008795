"""Edits of runs with their messages, for the command line and the app alike."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from engine.files.paths import Home
from engine.store import queue
from engine.store.database import Store
from engine.store.edit_journal import QUEUE
from engine.store.edits import class_order, notes_and_tags, order, pausing
from engine.store.edits.order import Direction
from engine.store.edits.remove import remove as remove_runs
from engine.store.edits.retry import retry as retry_runs
from engine.store.edits.undo import GONE
from engine.store.edits.undo import undo as undo_newest
from engine.store.errors import QueueError
from engine.store.extension import extend_run
from engine.store.listing import get_run, queue_paused
from engine.store.run_numbers import numbered
from engine.store.status import Request, Status


@dataclass(frozen=True)
class Outcome:
    """Result of an edit: which runs it changed, and how."""

    done: tuple[tuple[list[int], str], ...] = ()
    said: tuple[str, ...] = ()
    """Lines about no single run, such as about the whole queue."""
    warnings: tuple[str, ...] = ()
    """Lines about what was not done, or not as a user would expect."""
    failed: bool = False
    undoable: bool = False
    """True where `undo` takes back all of it."""

    def lines(self) -> Iterator[str]:
        """Give a line for each result."""
        yield from self.said
        yield from (f"{numbered(run_ids)}: {what}" for run_ids, what in self.done if run_ids)
        yield from self.warnings


def cancel(store: Store, run_ids: Sequence[int]) -> Outcome:
    """Cancel runs. Raises QueueError, as all of these do."""
    return _asked(store, run_ids, "cancel", "cancelled", "asked to stop")


def pause(store: Store, run_ids: Sequence[int]) -> Outcome:
    return _asked(store, run_ids, "pause", "paused", "asked to pause")


def _asked(store: Store, run_ids: Sequence[int], request: Request, waited: str, ran: str) -> Outcome:
    return _by_status(queue.ask(store, run_ids, request), waited, ran)


def resume(store: Store, run_ids: Sequence[int]) -> Outcome:
    withdrawn = "asked to continue; it still pauses if it is already stopping"
    return _by_status(pausing.resume(store, run_ids), "queued again", withdrawn)


def _by_status(before: dict[int, Status], waited: str, ran: str) -> Outcome:
    running = [run_id for run_id, status in before.items() if status == "running"]
    waiting = [run_id for run_id, status in before.items() if status != "running"]
    return Outcome(((running, ran), (waiting, waited)), undoable=True)


def retry(store: Store, home: Home, run_ids: Sequence[int], *, fresh: bool = False) -> Outcome:
    retried = retry_runs(store, home, run_ids, fresh=fresh)
    without = [each for each in retried.going_on if not _has_checkpoint(home, each)]
    return Outcome(
        (
            (
                [each for each in retried.going_on if each not in without],
                "queued again, to resume from its last checkpoint",
            ),
            (without, "queued again; it has no checkpoint and starts over"),
            (list(retried.from_start), "queued again from the start; its training so far is deleted"),
        ),
        warnings=tuple(
            f"some files of run {run_id} could not be deleted: {problem}"
            for run_id, problem in retried.left.items()
        ),
        failed=bool(retried.left),
        undoable=not retried.from_start,
    )


def _has_checkpoint(home: Home, run_id: int) -> bool:
    paths = home.run(run_id)
    return paths.last.exists() or paths.last_before.exists()


def remove(store: Store, home: Home, run_ids: Sequence[int]) -> Outcome:
    removed = remove_runs(store, home, run_ids)
    dependents = (
        f"{numbered(others)} had waited for run {run_id} or started from it"
        for run_id, others in removed.dependents.items()
    )
    left = (
        f"the folder of run {run_id} could not be deleted: {problem}"
        for run_id, problem in removed.left.items()
    )
    what = "removed with its folder"
    return Outcome(((list(removed.ids), what),), warnings=(*dependents, *left), failed=bool(removed.left))


def move(store: Store, run_ids: Sequence[int], direction: Direction) -> Outcome:
    order.move(store, run_ids, direction)
    where = f"{'to the ' if direction in ('top', 'bottom') else ''}{direction}"
    return Outcome(((list(run_ids), f"moved {where}"),), undoable=True)


def note(store: Store, run_ids: Collection[int], text: str) -> Outcome:
    notes_and_tags.set_note(store, run_ids, text)
    return Outcome(((list(run_ids), "note set" if text else "note removed"),), undoable=True)


def tag(store: Store, run_ids: Collection[int], words: Sequence[str]) -> Outcome:
    """Add tags; a word with a minus before it is removed."""
    added = [word for word in words if not word.startswith("-")]
    removed = [word[1:] for word in words if word.startswith("-")]
    if "" in removed or not words:
        raise QueueError("- alone is not a tag: write TAG to add one, -TAG to remove it")
    notes_and_tags.tag(store, run_ids, add=added, remove=removed)
    what_done = [
        f"{what} {', '.join(some)}"
        for what, some in (("tagged", added), ("no longer tagged", removed))
        if some
    ]
    return Outcome(((list(run_ids), "; ".join(what_done)),), undoable=True)


class NoCheckpoint(QueueError):
    """Run that cannot go on, because its checkpoint is gone."""


def extend(store: Store, home: Home, run_id: int, epochs: int) -> Outcome:
    """Train a done run further, until `epochs` are completed in all. Raises NoCheckpoint too."""
    with store.read() as session:
        is_done = get_run(session, run_id).status == "done"
    if is_done and not home.run(run_id).last.exists():
        raise NoCheckpoint(f"run {run_id} has no checkpoint any more: clone it with {epochs} epochs")
    extend_run(store, run_id, epochs)
    return Outcome((([run_id], f"queued again, to train until epoch {epochs}"),), undoable=True)


def order_classes(store: Store, home: Home, run_ids: Collection[int], ordered: str) -> Outcome:
    """Say whether the classes of runs are grades; the numbers of measured epochs follow. Raises SpecError too."""
    found = class_order.order_classes(store, home, run_ids, ordered)
    followed = [each.run_id for each in found]
    untouched = [run_id for run_id in run_ids if run_id not in set(followed)]
    what = f"ordered {ordered}"
    numbers = "kappa and the referable numbers " + ("computed anew" if ordered == "on" else "undefined")
    lacking = [line for each in found for line in _lacking(each)]
    stays = [each.run_id for each in found if each.findings_stay]
    stale = (
        [f"{numbered(stays)}: findings as before, for the data cannot be read to judge them anew"]
        if stays
        else []
    )
    return Outcome(((followed, f"{what}: {numbers}"), (untouched, what)), warnings=(*lacking, *stale))


def _lacking(found: class_order.Reordered) -> Iterator[str]:
    """Say of which epochs too little was kept to compute some of the numbers."""
    alike: dict[tuple[int, ...], list[str]] = {}
    for label, epochs in found.unknown.items():
        alike.setdefault(tuple(epochs), []).append(label)
    for of_epochs, labels in alike.items():
        what = f"not known of {_epochs(of_epochs)}, of which too little was kept: {', '.join(labels)}"
        yield f"run {found.run_id}: {what}"


def _epochs(epochs: Sequence[int]) -> str:
    first, last, many = epochs[0], epochs[-1], len(epochs)
    if many == 1:
        return f"epoch {first}"
    return (
        f"epochs {first} to {last}" if last - first == many - 1 else f"{many} epochs from {first} to {last}"
    )


def pause_queue(store: Store) -> Outcome:
    is_new = pausing.pause_queue(store)
    return Outcome(
        said=("queue paused: running runs continue" if is_new else "the queue was already paused",),
        undoable=is_new,
    )


def resume_queue(store: Store) -> Outcome:
    is_new = pausing.resume_queue(store)
    return Outcome(said=("queue resumed" if is_new else "the queue was not paused",), undoable=is_new)


def turn_queue(store: Store) -> Outcome:
    """Pause the queue, or resume it."""
    with store.read() as session:
        paused = queue_paused(session)
    return resume_queue(store) if paused else pause_queue(store)


def _left(what: Sequence[int], why: str) -> str:
    if why == GONE:
        return f"{numbered(what)} {'was' if len(what) == 1 else 'were'} removed and cannot be restored"
    return f"{'the queue' if what == [QUEUE] else numbered(what)} unchanged: {why}"


def undo(store: Store) -> Outcome:
    undone = undo_newest(store)
    if undone is None:
        raise QueueError("nothing to undo: no edit of the queue is left")
    reasons: dict[str, list[int]] = {}
    for run_id, why in undone.left.items():
        reasons.setdefault(why, []).append(run_id)
    warnings = [_left(some, why) for why, some in reasons.items()]
    if undone.withdrawn:
        warnings.append(f"{numbered(undone.withdrawn)}: still stopping, if it was already on its way")
    if undone.lost:
        warnings.append(f"the training of {numbered(undone.lost)} stays deleted")
    head = f"{'undone' if undone.restored else 'cannot be undone'}: {undone.text}"
    return Outcome(said=(head,), warnings=tuple(warnings), failed=not undone.restored)
