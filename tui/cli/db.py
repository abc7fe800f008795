"""`db copy`: move the run table to another database."""

from pathlib import Path
from typing import Annotated

import typer

from engine.files.paths import SQLITE_PREFIX, sqlite_file
from engine.store.copying import copy_runs
from engine.store.database import open_store, url_shown
from tui.cli.options import Json
from tui.cli.output import CliError, print_json, print_line

db = typer.Typer(help="Copy the run table to another database.", no_args_is_help=True, add_completion=False)
Place = Annotated[str, typer.Argument(metavar="URL|FILE", show_default=False)]


def copy(
    source: Place,
    target: Place,
    as_json: Json = False,
) -> int:
    """Copy all runs, their measurements and the edits that can be undone from one database to another that is empty.

    Each is the file of a run table, or a URL such as postgresql://user@host/runs. Rows are counted and compared; the
    copied table keeps its rows; its tables are brought up to date first. Files of runs stay where they are."""
    if _place(source) == _place(target):
        raise CliError("both databases are the same: give another one to copy to")
    found, new = open_store(_url(source), create=False), open_store(_url(target))
    copied = copy_runs(found, new)
    if as_json:
        print_json(
            {
                "from": url_shown(_url(source)),
                "to": url_shown(_url(target)),
                "rows": copied.counts,
                "sha256": copied.digest,
            }
        )
        return 0
    rows = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in copied.counts.items() if count)
    print_line(f"copied and compared: {rows or 'no rows'}; SHA-256 of both {copied.digest[:16]}…")
    print_line(
        f"go on with RESNET_TUI_DB set to the second URL ({url_shown(_url(target))}), or give it as --db"
    )
    return 0


def _place(place: str) -> str | Path:
    """Return what is equal for two names of one database."""
    path = sqlite_file(_url(place))
    return _url(place) if path is None else path.resolve()


def _url(place: str) -> str:
    """Return a database's URL; a text without :// is a file's path."""
    return place if "://" in place else f"{SQLITE_PREFIX}{place}"


db.command("copy")(copy)
