"""`move`, `priority`, `needs`, `queue pause`, `queue resume`, `undo`: the queue and its order."""

from typing import Annotated

import typer

from engine.files.paths import Home
from engine.store.database import open_store
from engine.store.edits import order
from engine.store.needs import Needs, parse_needs
from tui import verbs
from tui.cli.ids import Ids, find_ids, tell_outcome, tell_runs
from tui.cli.options import takes_home
from tui.cli.output import CliError

queue = typer.Typer(help="Pause or resume the whole queue.", no_args_is_help=True, add_completion=False)


@takes_home
def move(
    home: Home,
    run_ids: Ids,
    direction: Annotated[str, typer.Argument(metavar="up|down|top|bottom", show_default=False)],
) -> int:
    """Move waiting runs in the queue: past a neighbour, or to the top or bottom of their priority."""
    if direction not in order.DIRECTIONS:
        raise CliError(f"unknown direction {direction!r}: choose from {', '.join(order.DIRECTIONS)}")
    store = open_store(home.database, create=False)
    wanted = find_ids(store, run_ids)
    return tell_outcome(verbs.move(store, wanted, direction))


@takes_home
def priority(
    home: Home,
    run_ids: Ids,
    number: Annotated[int, typer.Argument(metavar="N", help="Higher starts first; new runs have 0.")],
) -> int:
    """Set the priority of runs."""
    store = open_store(home.database, create=False)
    wanted = find_ids(store, run_ids)
    order.set_priority(store, wanted, number)
    tell_runs(wanted, f"priority {number}")
    return 0


@takes_home
def needs(
    home: Home,
    run_ids: Ids,
    wanted: Annotated[
        str, typer.Argument(metavar="KEY=VALUE,…|none", help="memory=GIB of the card, host=NAME, tag=WORD.")
    ],
) -> int:
    """Set what waiting runs need of their worker."""
    store = open_store(home.database, create=False)
    found = Needs() if wanted == "none" else parse_needs([wanted])
    ids = find_ids(store, run_ids)
    order.set_needs(store, ids, found)
    tell_runs(ids, f"needs {found.words() or 'nothing'}")
    return 0


@takes_home
def pause(home: Home) -> int:
    """Pause the queue: no more runs start; running ones continue."""
    return tell_outcome(verbs.pause_queue(open_store(home.database, create=False)))


@takes_home
def resume(home: Home) -> int:
    """Resume the queue: runs start again."""
    return tell_outcome(verbs.resume_queue(open_store(home.database, create=False)))


@takes_home
def undo(home: Home) -> int:
    """Undo the newest edit of the queue; again: the one before. Exit code 1 where nothing of it can be undone."""
    return tell_outcome(verbs.undo(open_store(home.database, create=False)))


queue.command("pause")(pause)
queue.command("resume")(resume)
