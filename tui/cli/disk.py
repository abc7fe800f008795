"""`du`, `prune`: disk usage of the runs, and removal of files that are no longer needed."""

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from engine.disk.footprint import in_words
from engine.disk.pruning import KEPT, Plan, PruneOptions, in_use, plan
from engine.disk.removal import prune as remove
from engine.disk.usage import (
    CHECKPOINTS,
    KINDS,
    database_bytes,
    free_bytes,
    kind_of,
    usage_of_cache,
    usage_of_runs,
)
from engine.files.paths import Home
from engine.spec.grid import load_spec
from engine.store.database import Store, open_store
from engine.store.listing import list_runs
from engine.store.run_numbers import numbered
from engine.store.status import ENDED
from engine.store.tables import Run
from tui.cli.options import edits_runs, takes_home
from tui.cli.output import CliError, print_json, print_line, print_message
from tui.cli.table import print_table

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]


@takes_home
def du(home: Home, as_json: Json = False) -> int:
    """Show the disk usage of runs, checkpoints, best weights, predictions and packed images, and the free space."""
    document = du_document(home, _runs(open_store(home.database, create=False)))
    if as_json:
        print_json(document)
        return 0
    head = ("id", "status", *KINDS, "all")
    rows = [
        [
            str(run["id"]),
            run["status"] or "removed",
            *(_cell(run[f"{kind}_bytes"]) for kind in (*KINDS, "all")),
        ]
        for run in document["runs"]
    ]
    totals = document["totals"]
    rows.append(["", "all", *(_cell(totals[f"{kind}_bytes"]) for kind in (*KINDS, "runs"))])
    print_table(head, rows, right=("id", *KINDS, "all"))
    for cached in document["cache"]:
        used = "used by a waiting or running run" if cached["used"] else "no waiting or running run uses it"
        print_line(f"cache: {cached['what']}  {in_words(cached['bytes'])}  {used}")
    print_line(
        f"total {in_words(totals['all_bytes'])}: runs {in_words(totals['runs_bytes'])}, cache "
        f"{in_words(totals['cache_bytes'])}, run table {in_words(totals['database_bytes'])}; "
        f"{in_words(document['free_bytes'])} free"
    )
    return 0


def du_document(home: Home, runs: list[Run]) -> dict[str, Any]:
    """Return the document of `du --json`, in bytes; `status` is null for a folder whose run is not in the table."""
    statuses = {run.id: run.status for run in runs}
    live = [load_spec(run.spec) for run in runs if run.status not in ENDED]
    usages, cache = usage_of_runs(home), usage_of_cache(home.cache)
    totals = {f"{kind}_bytes": sum(usage.size(kind) for usage in usages.values()) for kind in KINDS}
    totals["runs_bytes"] = sum(usage.size() for usage in usages.values())
    totals["cache_bytes"] = sum(each.size for each in cache)
    totals["database_bytes"] = database_bytes(home)
    totals["all_bytes"] = totals["runs_bytes"] + totals["cache_bytes"] + totals["database_bytes"]
    return {
        "home": str(home.root),
        "free_bytes": free_bytes(home.root),
        "cache_free_bytes": free_bytes(home.cache),
        "runs": [
            {
                "id": run_id,
                "status": statuses.get(run_id),
                **{f"{kind}_bytes": usage.size(kind) for kind in KINDS},
                "all_bytes": usage.size(),
            }
            for run_id, usage in usages.items()
        ],
        "cache": [
            {
                "name": each.key,
                "what": each.what,
                "data": each.packing[0] if each.packing else None,
                "size_px": each.packing[1] if each.packing else None,
                "images": each.images,
                "bytes": each.size,
                "used": in_use(home, each, live),
            }
            for each in cache
        ],
        "totals": totals,
    }


@takes_home
@edits_runs
def prune(
    home: Home,
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Only runs that ended at least this long ago: 12h, 30d, 4w.")
    ] = "0d",
    keep: Annotated[
        str,
        typer.Option(help="What to keep of a run: best (weights, predictions, log) or log (the log only)."),
    ] = "best",
    unfinished: Annotated[
        bool,
        typer.Option("--unfinished", help="Also failed and cancelled runs that retry could resume."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> int:
    """Remove checkpoints of done runs and packed images that no waiting or running run uses.

    In a terminal it asks first; elsewhere it only lists what would be removed, unless --yes is given."""
    options = PruneOptions(_kept(keep), _age(older_than), unfinished)
    store = open_store(home.database, create=False)
    chosen = plan(
        home, _runs(store), usage_of_runs(home), usage_of_cache(home.cache), options, now=datetime.now(UTC)
    )
    _print_plan(home, chosen)
    if not chosen.files:
        return 0
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            print_message("nothing was removed: --yes removes these files")
            return 0
        typer.confirm(f"remove these files, {in_words(chosen.size)}?", abort=True, err=True)
    removed = remove(store, home, options, chosen)
    for each in removed.busy:
        print_message(f"{each.what}: kept, because it is being packed or its lock cannot be taken")
    print_message(f"removed {in_words(removed.size)}; {in_words(free_bytes(home.root))} free")
    return 0


def _print_plan(home: Home, chosen: Plan) -> None:
    for run_id, files in chosen.runs.items():
        names = ", ".join(stored.path.name for stored in files)
        print_line(f"run {run_id}: {names}  {in_words(sum(stored.size for stored in files))}")
    for each in chosen.cache:
        print_line(f"{each.what}  {in_words(each.size)}")
    if chosen.spared:
        size = sum(stored.size for files in chosen.spared.values() for stored in files)
        print_message(
            f"{numbered(chosen.spared)}: {in_words(size)} kept, because retry resumes from there: "
            "--unfinished removes them too"
        )
    if chosen.others:
        size = sum(stored.size for files in chosen.others.values() for stored in files)
        print_message(
            f"{numbered(chosen.others)}: {in_words(size)} kept, because they are other users': --force removes them too"
        )
    if not chosen.files:
        print_line("nothing to remove")
        return
    if any(kind_of(stored.path.name) == CHECKPOINTS for files in chosen.runs.values() for stored in files):
        print_message("runs without a checkpoint cannot be extended, and a retry starts over")
    print_line(f"total {in_words(chosen.size)}")


def _runs(store: Store) -> list[Run]:
    with store.read() as session:
        return list_runs(session)


def _kept(keep: str) -> str:
    if keep not in KEPT:
        raise CliError(f"--keep: {keep!r} is unknown: choose from {', '.join(KEPT)}")
    return keep


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([hdw])", text.strip())
    if found is None:
        raise CliError(f"--older-than: unknown age {text!r}: write 12h, 30d or 4w")
    return int(found[1]) * UNITS[found[2]]


def _cell(size_bytes: int) -> str:
    return in_words(size_bytes) if size_bytes else "–"
