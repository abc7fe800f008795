"""`db copy`: move the run table to another database."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from engine.files.paths import DB_VARIABLE, DEFAULT_TABLE, SQLITE_PREFIX, sqlite_file
from engine.store.copying import ARE_THE_SAME, Copied, copy_runs, reopen, set_aside
from engine.store.database import open_store, url_shown
from tui.cli.options import Json
from tui.cli.output import CliError, print_json, print_line

db = typer.Typer(help="Move the run table to another database.", no_args_is_help=True, add_completion=False)
Place = Annotated[str, typer.Argument(metavar="URL|FILE", show_default=False)]


def copy(
    source: Place,
    target: Place,
    keep: Annotated[
        bool, typer.Option("--keep", help="A backup: the first database stays the one in use.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Move all runs, their measurements and the edits that can be undone from one database to another that is empty.

    Each is the file of a run table, or a URL such as postgresql://user@host/runs. Rows are counted and compared. The
    first database keeps them but is closed: two in use would give new runs the same numbers and folders. A file that
    was closed so makes room for the way back. Addresses of alerts are copied, with their secrets. Files of runs stay
    where they are."""
    if _place(source) == _place(target):
        raise CliError(ARE_THE_SAME)
    with (
        closing(open_store(_url(source), create=False, may_have_moved=keep)) as found,
        set_aside(sqlite_file(_url(target))) as aside,
        closing(open_store(_url(target))) as new,
    ):
        copied = copy_runs(found, new, "" if keep else _shown(target))
    if as_json:
        print_json(
            {
                "from": url_shown(_url(source)),
                "to": url_shown(_url(target)),
                "rows": copied.counts,
                "sha256": copied.digest,
                "set_aside": str(aside) if aside is not None else None,
            }
        )
        return 0
    if aside is not None:
        print_line(f"{_shown(target)}, whose runs were moved away, is now {aside}")
    _tell_counts(copied)
    if copied.counts["alert_channel"] and sqlite_file(_url(target)) is None:
        print_line(
            "the addresses of alerts were copied too: whoever can read the new run table can read them"
        )
    if not keep:
        print_line(f"{_shown(source)} is closed: go on {_way_on(target)}")
    return 0


def _tell_counts(copied: Copied) -> None:
    runs, epochs, rows = copied.counts["run"], copied.counts["epoch_metrics"], sum(copied.counts.values())
    print_line(
        f"copied and compared: {runs:,} run{'s' * (runs != 1)} with {epochs:,} epoch{'s' * (epochs != 1)}, {rows:,} "
        f"rows in all; SHA-256 of both {copied.digest[:16]}…"
    )


def reopen_table(place: Place) -> int:
    """Open a database again that `db copy` has closed. What was trained in the other one since is not in it."""
    reopen(open_store(_url(place), create=False, may_have_moved=True))
    print_line(f"{_shown(place)} is open again")
    return 0


def _way_on(target: str) -> str:
    """Return how the next calls find the runs, without what the shell still has of the first database."""
    path = sqlite_file(_url(target))
    if path is not None and path.resolve() == Path(DEFAULT_TABLE).resolve():
        return f"in this folder without --db and {DB_VARIABLE} (unset {DB_VARIABLE})"
    return f"with {DB_VARIABLE} or --db set to {_shown(target)}"


def _shown(place: str) -> str:
    path = sqlite_file(_url(place))
    return url_shown(_url(place)) if path is None else str(path.resolve())


def _place(place: str) -> object:
    """Return what is equal for two names of one file: opened by two names at once, SQLite would damage it."""
    path = sqlite_file(_url(place))
    if path is None:
        return _url(place)
    try:
        found = path.stat()
    except OSError:
        return path.resolve()
    return found.st_dev, found.st_ino


def _url(place: str) -> str:
    """Return a database's URL; a text without :// is a file's path."""
    return place if "://" in place else f"{SQLITE_PREFIX}{place}"


db.command("copy")(copy)
db.command("reopen")(reopen_table)
