"""`move`, `priority`, `queue pause`, `queue resume`, `undo`: the queue and its order."""

from typing import Annotated

import typer

from engine.paths import Home
from engine.store.database import open_store
from engine.store.edits import order, state
from engine.store.edits.undo import Undone
from engine.store.edits.undo import undo as undo_newest
from engine.store.journal import QUEUE
from engine.store.wording import numbered
from tui.cli.ids import Ids, find_ids, tell_runs
from tui.cli.options import takes_home
from tui.cli.output import CliError, tell

queue = typer.Typer(
    help="Pause the whole queue, or let it go on.", no_args_is_help=True, add_completion=False
)


@takes_home
def move(
    home: Home,
    run_ids: Ids,
    direction: Annotated[str, typer.Argument(metavar="up|down|top|bottom", show_default=False)],
) -> int:
    """Move waiting runs in the queue: past a neighbour, or to an end of those with their priority."""
    if direction not in order.DIRECTIONS:
        raise CliError(f"{direction!r} is no direction: choose from {', '.join(order.DIRECTIONS)}")
    store = open_store(home.database, create=False)
    wanted = find_ids(store, run_ids)
    order.move(store, wanted, direction)
    tell_runs(wanted, f"moved {'to the ' if direction in ('top', 'bottom') else ''}{direction}")
    return 0


@takes_home
def priority(
    home: Home,
    run_ids: Ids,
    number: Annotated[int, typer.Argument(metavar="N", help="Higher goes first; new runs have 0.")],
) -> int:
    """Set the priority of runs."""
    store = open_store(home.database, create=False)
    wanted = find_ids(store, run_ids)
    order.set_priority(store, wanted, number)
    tell_runs(wanted, f"priority {number}")
    return 0


@takes_home
def pause(home: Home) -> int:
    """Let no more runs start; those that are running go on."""
    is_new = state.pause_queue(open_store(home.database, create=False))
    tell("the queue is paused: running runs go on" if is_new else "the queue was paused already")
    return 0


@takes_home
def resume(home: Home) -> int:
    """Let runs start again."""
    is_new = state.resume_queue(open_store(home.database, create=False))
    tell("the queue goes on" if is_new else "the queue was not paused")
    return 0


@takes_home
def undo(home: Home) -> int:
    """Take back the newest edit of the queue; again: the one before. Exit code 1 where nothing of it could be."""
    undone = undo_newest(open_store(home.database, create=False))
    if undone is None:
        raise CliError("there is no edit to take back")
    tell(f"{'undone' if undone.restored else 'cannot be undone'}: {undone.text}")
    _tell_what_is_left(undone)
    return 0 if undone.restored else 1


def _tell_what_is_left(undone: Undone) -> None:
    by_reason: dict[str, list[int]] = {}
    for run_id, why in undone.left.items():
        by_reason.setdefault(why, []).append(run_id)
    for why, run_ids in by_reason.items():
        tell(f"{'the queue' if run_ids == [QUEUE] else numbered(run_ids)} stays as it is: {why}")
    if undone.withdrawn:
        tell(f"{numbered(undone.withdrawn)}: where it is stopping already it stops all the same")


queue.command("pause")(pause)
queue.command("resume")(resume)
