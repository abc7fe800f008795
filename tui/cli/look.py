"""`ls`: print the run table, or its groups."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from engine.files.paths import Home
from engine.queries.read_groups import list_groups
from engine.queries.waiting import Waiting, waits
from engine.spec.run_spec import FIELDS, settings_of
from engine.store import listing
from engine.store.database import open_store
from engine.store.status import STATUSES, Status, status_called
from engine.store.tables import Run
from tui.cli import groups as group_text
from tui.cli.documents import briefs
from tui.cli.options import Json, takes_home
from tui.cli.output import CliError, checked_text, print_json, print_message
from tui.cli.run_columns import (
    COLUMN_KEYS,
    RunColumn,
    RunFacts,
    chosen_columns,
    facts_of,
    find_column,
    unknown_column,
)
from tui.cli.slurm_waits import with_jobs_that_wait
from tui.cli.table import print_table
from tui.views.metric_columns import optional_metrics
from tui.views.users import has_several

SORT_KEYS = (
    "id", "queue", "status", "name", "data", "arch", "pretrained", "lr", "seed", "epoch", "best", "kappa", "findings",
    "verdict", "sweep", "user",
)  # fmt: skip
"""Beside these, runs are sorted by a metric or a setting."""
_COLUMN = {"best": "best_acc", "kappa": "best_kappa", "findings": "headline", "user": "user_name"}
SHOWN = (
    "id", "status", "user", "data", "arch", "pretrained", "lr", "settings", "epoch", "best", "baseline", "chosen_by",
    "kappa", "findings", "name", "remark",
)  # fmt: skip
"""Columns where none are chosen; `user` and `settings` where they tell runs apart."""
MAY_GO = ("chosen_by", "kappa", "user", "data", "name", "baseline", "pretrained", "settings")
MAY_SHRINK = ("remark", "name", "settings", "data", "pretrained")
OfStatus = Annotated[str | None, typer.Option(help=f"Only runs with these statuses: {', '.join(STATUSES)}.")]
OfSweep = Annotated[str | None, typer.Option(help="Only this sweep's runs.")]
Sort = Annotated[
    str,
    typer.Option(
        help=f"Sort by {', '.join(SORT_KEYS)}, a metric of the best epoch such as auc, or a setting such as batch_size."
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        help=f"Columns in this order: {', '.join(COLUMN_KEYS)}, metrics such as auc, settings such as batch_size.",
        metavar="LIST",
    ),
]
AsGroups = Annotated[
    bool, typer.Option("--groups", help="List groups: runs that differ in seed, split or fold alone.")
]


@takes_home
def ls(
    home: Home,
    status: OfStatus = None,
    sweep: OfSweep = None,
    sort: Sort = "id",
    columns: Columns = None,
    groups: AsGroups = False,
    as_json: Json = False,
) -> int:
    """List the runs."""
    if groups:
        if columns is not None:
            raise CliError("--columns: groups have columns of their own: leave it out with --groups")
        return _ls_groups(home, status, sweep, sort, as_json)
    wanted = [_status(each.strip()) for each in (status or "").split(",") if each.strip()]
    checked_text("--sweep", sweep or "")
    chosen = None if columns is None else chosen_columns(columns)
    field = sort.replace("-", "_")
    _check_sort(field)
    with open_store(home.database, create=False).read() as session:
        runs = listing.list_runs(session, status=wanted, sweep=sweep)
        waiting: Mapping[int, Waiting] = waits(session, [run.id or 0 for run in runs])
        order = {run_id: place for place, run_id in enumerate(listing.queue_order(session))}
    waiting = with_jobs_that_wait(home, waiting)
    runs.sort(key=lambda run: _sort_key(run, field, order))
    if as_json:
        print_json({"runs": briefs(runs, waiting)})
    elif chosen is not None:
        _print_columns(facts_of(runs, waiting), chosen)
    else:
        _print_runs(facts_of(runs, waiting), field)
    return 0


def _check_sort(sort: str) -> None:
    """Raises CliError."""
    if sort not in (*SORT_KEYS, *optional_metrics(), *FIELDS):
        raise CliError(f"--sort: {unknown_column(sort, SORT_KEYS)}")


def _print_runs(runs: Sequence[RunFacts], sort: str) -> None:
    """Print a line for each run, with what they are sorted by where no column has it."""
    told = {
        "user": has_several(each.run.user_name for each in runs),
        "settings": any(each.told for each in runs),
    }
    keys = [key for key in SHOWN if told.get(key, True)]
    if sort not in (*SORT_KEYS, *SHOWN):
        keys.insert(keys.index("findings" if sort in optional_metrics() else "epoch"), sort)
    _print_columns(runs, [column for key in keys if (column := find_column(key))], may_go=MAY_GO)


def _print_columns(
    runs: Sequence[RunFacts], columns: Sequence[RunColumn], may_go: Sequence[str] = ()
) -> None:
    headings = {each.key: each.heading for each in columns}
    print_table(
        list(headings.values()),
        [[each.text(run) for each in columns] for run in runs],
        right=[each.heading for each in columns if each.right],
        may_go=[headings[key] for key in may_go if key in headings],
        may_shrink=[headings[key] for key in MAY_SHRINK if key in headings],
    )


def _ls_groups(home: Home, status: str | None, sweep: str | None, sort: str, as_json: bool) -> int:
    if status:
        raise CliError("--status: a group has runs of any status: leave it out with --groups")
    if sort not in group_text.SORT_KEYS:
        raise CliError(
            f"--sort: {sort!r} does not sort groups: choose from {', '.join(group_text.SORT_KEYS)}"
        )
    checked_text("--sweep", sweep or "")
    with open_store(home.database, create=False).read() as session:
        found = group_text.sorted_groups(list_groups(session, sweep=sweep), sort)
    if as_json:
        print_json({"groups": [group_text.group_document(group) for group in found]})
    elif found:
        group_text.print_groups(found)
    else:
        print_message(
            "there are no groups: two runs with equal settings but the seed are one (add --seeds 5)"
        )
    return 0


def _status(name: str) -> Status:
    found = status_called(name)
    if found is None:
        raise CliError(f"--status: {name!r} is unknown: choose from {', '.join(STATUSES)}")
    return found


def _sort_key(run: Run, field: str, order: Mapping[int, int]) -> tuple[Any, ...]:
    """Return the sort key of a column, a metric or a setting; runs without a value or text come last."""
    run_id = run.id or 0
    if field == "queue":
        return *_queue_key(run, order), run_id
    if field in SORT_KEYS:
        value, is_highest_first = getattr(run, _COLUMN.get(field, field)), field in ("best", "kappa")
    elif metric := optional_metrics().get(field):
        value, is_highest_first = (run.best_metrics or {}).get(field), not metric.metric.lower_is_better
    else:
        value, is_highest_first = settings_of(run.spec, [field])[field], False
    if value is None or value == "":
        return True, None, run_id
    return False, -value if is_highest_first else value, run_id


def _queue_key(run: Run, order: Mapping[int, int]) -> tuple[int, int]:
    """Sort key: running runs, then waiting ones in the order in which they are claimed, then the others."""
    if run.status == "running":
        return 0, 0
    return (1, order[run.id or 0]) if run.id in order else (2, 0)
