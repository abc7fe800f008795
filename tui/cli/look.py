"""`ls`: print the run table, or its groups."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from engine.analysis.finding import SIGNS, head_of
from engine.files.paths import Home
from engine.metrics.metric import SplitMetric
from engine.queries.read_groups import list_groups
from engine.queries.waiting import Waiting, waits
from engine.short_names import short_names
from engine.spec.plugin_name import arch_shown
from engine.store import listing
from engine.store.database import open_store
from engine.store.status import STATUSES, Status, status_called
from engine.store.tables import Run
from tui.cli import groups as group_text
from tui.cli.documents import briefs
from tui.cli.options import Json, takes_home
from tui.cli.output import CliError, checked_text, print_json, print_message
from tui.cli.table import print_table
from tui.cli.told_settings import told_settings
from tui.formatting import clock, decimals, learning_rate
from tui.snapshot_rows import start_shown
from tui.views.metric_columns import optional_metrics

SORT_KEYS = (
    "id", "queue", "status", "name", "data", "arch", "pretrained", "lr", "seed", "epoch", "best", "kappa", "findings",
    "verdict", "sweep", "user",
)  # fmt: skip
_COLUMN = {"best": "best_acc", "kappa": "best_kappa", "findings": "headline", "user": "user_name"}
BEFORE_METRIC = "findings"
"""Column before which the metric that the runs are sorted by is inserted."""
BEFORE_SETTINGS = "epoch"
"""Column before which the settings that have no column are inserted, where they tell runs apart."""
BEFORE_USER = "data"
"""Column before which the runs' users are inserted, where there are several."""
REMARK = "remark"
"""Heading of why a run waits or failed, what it does, or when it ends."""
HEAD = (
    "id", "status", "data", "arch", "pretrained", "lr", "epoch", "best", "baseline", "chosen by", "kappa", "findings",
    "name", REMARK,
)  # fmt: skip
NUMBERS = ("id", "lr", "epoch", "best", "baseline", "kappa")
MAY_GO = ("chosen by", "kappa", "user", "data", "name", "baseline", "pretrained", "settings")
MAY_SHRINK = (REMARK, "name", "settings", "data", "pretrained")
REQUESTED = {"pause": "pauses after this step", "cancel": "stops after this step"}
OfStatus = Annotated[str | None, typer.Option(help=f"Only runs with these statuses: {', '.join(STATUSES)}.")]
OfSweep = Annotated[str | None, typer.Option(help="Only this sweep's runs.")]
Sort = Annotated[
    str, typer.Option(help=f"Sort by {', '.join(SORT_KEYS)}, or a metric of the best epoch such as auc.")
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
    groups: AsGroups = False,
    as_json: Json = False,
) -> int:
    """List the runs."""
    if groups:
        return _ls_groups(home, status, sweep, sort, as_json)
    wanted = [_status(each.strip()) for each in (status or "").split(",") if each.strip()]
    checked_text("--sweep", sweep or "")
    metric = optional_metrics().get(sort) if sort not in SORT_KEYS else None
    if sort not in SORT_KEYS and metric is None:
        raise CliError(
            f"--sort: {sort!r} is unknown: choose from {', '.join((*SORT_KEYS, *optional_metrics()))}"
        )
    with open_store(home.database, create=False).read() as session:
        runs = listing.list_runs(session, status=wanted, sweep=sweep)
        waiting = waits(session, [run.id or 0 for run in runs])
        order = {run_id: place for place, run_id in enumerate(listing.queue_order(session))}
    if sort == "queue":
        runs.sort(key=lambda run: _queue_key(run, order))
    elif metric is not None:
        runs.sort(key=lambda run: _metric_key(run, metric))
    else:
        runs.sort(key=lambda run: _sort_key(run, sort))
    if as_json:
        print_json({"runs": briefs(runs, waiting)})
    else:
        _print_runs(runs, waiting, metric)
    return 0


def _print_runs(runs: Sequence[Run], waiting: Mapping[int, Waiting], metric: SplitMetric | None) -> None:
    """Print a line for each run, with the metric that they are sorted by where no column has it."""
    names = short_names(run.data for run in runs)
    rows = [_row(run, names[run.data], waiting_text(waiting.get(run.id or 0))) for run in runs]
    head: tuple[str, ...] = HEAD
    right: tuple[str, ...] = NUMBERS
    if metric is not None:
        cells = [_metric_cell(run, metric) for run in runs]
        rows = [_with(row, cell, BEFORE_METRIC) for row, cell in zip(rows, cells, strict=True)]
        head, right = _with(HEAD, metric.key, BEFORE_METRIC), (*NUMBERS, metric.key)
    if any(told := told_settings(runs)):  # after the metric: it stands further to the left
        rows = [_with(row, cell, BEFORE_SETTINGS) for row, cell in zip(rows, told, strict=True)]
        head = _with(head, "settings", BEFORE_SETTINGS)
    if len({run.user_name for run in runs}) > 1:
        rows = [_with(row, run.user_name or "–", BEFORE_USER) for row, run in zip(rows, runs, strict=True)]
        head = _with(head, "user", BEFORE_USER)
    print_table(head, rows, right=right, may_go=MAY_GO, may_shrink=MAY_SHRINK)


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


def waiting_text(waiting: Waiting | None) -> str:
    """Format why a run waits, is slow or when it ends, in local time: `2 ahead, starts ≈ 15:52`, `ends ≈ 17:40`."""
    if waiting is None:
        return ""
    parts = [said] if (said := waiting.reason or waiting.slow) else []
    if waiting.reason is None and waiting.ends:
        parts.append(f"ends ≈ {clock(waiting.ends[1])}")
    else:
        parts.append(start_shown(waiting))
    return ", ".join(filter(None, parts))


def _queue_key(run: Run, order: Mapping[int, int]) -> tuple[int, int, int]:
    """Sort key: running runs, then waiting ones in the order in which they are claimed, then the others."""
    run_id = run.id or 0
    if run.status == "running":
        return 0, 0, run_id
    return (1, order[run_id], run_id) if run_id in order else (2, 0, run_id)


def _sort_key(run: Run, field: str) -> tuple[bool, object, int]:
    """Return the sort key of a column; runs without a value or text come last."""
    value = getattr(run, _COLUMN.get(field, field))
    if value is None or value == "":
        return True, None, run.id or 0
    return False, -value if field in ("best", "kappa") else value, run.id or 0


def _metric_key(run: Run, metric: SplitMetric) -> tuple[bool, float, int]:
    """Return the sort key of a metric: best first, runs without a value last."""
    value = (run.best_metrics or {}).get(metric.key)
    sign = 1 if metric.metric.lower_is_better else -1
    return value is None, sign * (value or 0.0), run.id or 0


def _metric_cell(run: Run, metric: SplitMetric) -> str:
    return decimals((run.best_metrics or {}).get(metric.key), metric.metric.places)


def _with(cells: tuple[str, ...], cell: str, before: str) -> tuple[str, ...]:
    """Return the cells of a row with another one inserted before a column of HEAD."""
    place = HEAD.index(before)
    return *cells[:place], cell, *cells[place:]


def _row(run: Run, data: str, waiting: str) -> tuple[str, ...]:
    doing = (REQUESTED.get(run.request or "") or run.doing) if run.status == "running" else ""
    remark = run.error or doing or waiting
    return (
        str(run.id),
        run.status,
        data,
        arch_shown(run.arch),
        run.pretrained,
        learning_rate(run.lr),
        f"{run.epoch}/{run.epochs}",
        decimals(run.best_acc),
        decimals(run.baseline),
        json.loads(run.spec)["select_on"] if run.best_acc is not None else "–",
        decimals(run.best_kappa, 3),
        _finding(run),
        _short(run.name, 30),
        _short(remark, 60),
    )


def _finding(run: Run) -> str:
    """Return the gravest finding's headline with the sign of its severity."""
    headline, severity = head_of(run.headline, run.severity, run.verdict)
    return f"{SIGNS[severity]} {headline}" if severity else headline or "–"


def _short(text: str, most: int) -> str:
    """Cut a text to `most` characters on a terminal; a file or a pipe gets all of it."""
    return text if len(text) <= most or not sys.stdout.isatty() else text[: most - 1] + "…"
