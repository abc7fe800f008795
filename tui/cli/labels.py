"""`note`, `tag`: what people write beside a run."""

from typing import Annotated

import typer

from engine.paths import Home
from engine.store.database import open_store
from engine.store.edits import labels
from tui.cli.ids import find_ids, tell_runs
from tui.cli.options import takes_home
from tui.cli.output import CliError

Some = Annotated[str, typer.Argument(metavar="ID", help="A run, or several as in 3-7,9.", show_default=False)]


@takes_home
def note(
    home: Home,
    run_ids: Some,
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help='"" takes it away.', show_default=False)],
) -> int:
    """Write a note beside a run; it replaces the one before."""
    store = open_store(home.database, create=False)
    wanted = find_ids(store, [run_ids])
    whole = " ".join(text)
    labels.set_note(store, wanted, whole)
    tell_runs(wanted, "noted" if whole else "its note is gone")
    return 0


@takes_home
def tag(
    home: Home,
    run_ids: Some,
    tags: Annotated[list[str], typer.Argument(metavar="TAG…", help="-TAG removes.", show_default=False)],
) -> int:
    """Add tags to a run; a tag with a minus before it is removed."""
    removed = [each[1:] for each in tags if each.startswith("-")]
    if "" in removed:
        raise CliError("- alone is no tag: write -TAG to remove TAG")
    store = open_store(home.database, create=False)
    wanted = find_ids(store, [run_ids])
    added = [each for each in tags if not each.startswith("-")]
    labels.tag(store, wanted, add=added, remove=removed)
    told = [
        f"{what} {', '.join(some)}"
        for what, some in (("tagged", added), ("no longer tagged", removed))
        if some
    ]
    tell_runs(wanted, "; ".join(told))
    return 0
