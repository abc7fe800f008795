"""`note`, `tag`: notes and tags of runs."""

from typing import Annotated

import typer

from engine.files.paths import Home
from engine.store.database import open_store
from tui import verbs
from tui.cli.ids import find_ids, tell_outcome
from tui.cli.options import edits_runs, takes_home

Some = Annotated[str, typer.Argument(metavar="ID", help="A run, or several as in 3-7,9.", show_default=False)]


@edits_runs
@takes_home
def note(
    home: Home,
    run_ids: Some,
    text: Annotated[
        list[str], typer.Argument(metavar="TEXT", help='Text of the note; "" removes it.', show_default=False)
    ],
) -> int:
    """Set the note of runs; it replaces the old one."""
    store = open_store(home.database, create=False)
    wanted = find_ids(store, [run_ids])
    whole = " ".join(text)
    return tell_outcome(verbs.note(store, wanted, whole))


@edits_runs
@takes_home
def tag(
    home: Home,
    run_ids: Some,
    tags: Annotated[
        list[str], typer.Argument(metavar="TAG…", help="TAG adds, -TAG removes.", show_default=False)
    ],
) -> int:
    """Add tags to runs; a tag with a minus before it is removed."""
    store = open_store(home.database, create=False)
    return tell_outcome(verbs.tag(store, find_ids(store, [run_ids]), tags))
