"""Columns of `ls`: those of Home's table, the metrics, and every setting of a run, by the same names."""

import difflib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from engine.analysis.finding import SIGNS, head_of
from engine.queries.waiting import Waiting
from engine.short_names import short_names
from engine.spec.run_spec import DEFAULTS, FIELDS, RunSpec, is_number
from engine.store.overview import Listed
from engine.store.tables import Run
from tui.cli.output import CliError
from tui.cli.told_settings import told_settings
from tui.formatting import decimals, forecast, setting
from tui.run_row import RunRow
from tui.snapshot_rows import make_row, start_shown
from tui.views.metric_columns import optional_metrics
from tui.views.table_columns import COLUMNS, UNSORTED, WHOLE, metric_column

HOME = {each.key: each for each in COLUMNS if each.key not in UNSORTED}
"""Columns of Home that have a meaning of their own."""
REQUESTED = {"pause": "pauses after this step", "cancel": "stops after this step"}
STORED = tuple(name for name in Listed._fields if name != "chosen")
MOST_NEAR = 3
"""Names that are offered for one that is wrong."""


@dataclass(frozen=True)
class RunFacts:
    """Run as `ls` shows it."""

    run: Run
    data: str
    """Short name of its data, which no other data of the list have."""
    told: str
    """Settings that tell it from the others and have no column."""
    waiting: Waiting | None

    @cached_property
    def spec(self) -> Mapping[str, Any]:
        return {**DEFAULTS, **json.loads(self.run.spec)}

    @cached_property
    def row(self) -> RunRow:
        """Return its row of Home's table, without what it takes from the spec."""
        stored = vars(self.run)  # SQLAlchemy's attributes would take as long as all else here
        listed = Listed._make([*(stored[name] for name in STORED), self.run.best_metrics or {}])
        return make_row(listed, self.waiting)


@dataclass(frozen=True)
class RunColumn:
    """Column of the list; `key` is what `--columns` calls it."""

    key: str
    heading: str
    text: Callable[[RunFacts], str]
    right: bool = False


def facts_of(runs: Sequence[Run], waiting: Mapping[int, Waiting]) -> list[RunFacts]:
    """Gather what columns show of runs."""
    names = short_names(run.data for run in runs)
    return [
        RunFacts(run, names[run.data], told, waiting.get(run.id or 0))
        for run, told in zip(runs, told_settings(runs), strict=True)
    ]


def column_words() -> dict[str, str]:
    """Return the names of all columns, Home's first, with what they show where the name does not say it."""
    metrics = {key: each.label for key, each in optional_metrics().items()}
    settings = {name: RunSpec.model_fields[name].description or "" for name in FIELDS}
    return {**dict.fromkeys(COLUMN_KEYS, ""), **metrics, **settings}


def chosen_columns(text: str) -> list[RunColumn]:
    """Parse the names of `--columns`, their headings too. Raises CliError with a line for each that is wrong."""
    names = [name for part in text.split(",") if (name := part.strip().replace("-", "_"))]
    found = {name: find_column(name) for name in names}
    if not names:
        raise CliError("--columns: give names such as id,arch,best,batch_size")
    if wrong := [
        f"--columns: {unknown_column(name, COLUMN_KEYS)}" for name, column in found.items() if column is None
    ]:
        raise CliError(*wrong)
    return [replace(column, heading=column.key) for column in found.values() if column is not None]


def unknown_column(name: str, first: Sequence[str]) -> str:
    """Return the message for a name that is none of the `first`, no metric and no setting, with the nearest ones."""
    names = dict.fromkeys([*first, *optional_metrics(), *FIELDS])
    near = difflib.get_close_matches(name, names, n=MOST_NEAR)
    near_words = f"{', '.join(near)}?" if near else ""
    some = f"choose from {', '.join(first)}, or a metric or setting of show --json, such as batch_size"
    return f"{name!r} is unknown: {near_words or some}"


def find_column(name: str) -> RunColumn | None:
    """Return a column by its name: one of `ls` itself, of Home, a metric, or a setting."""
    if name in OWN:
        return OWN[name]
    if name in HOME:
        return _of_home(name)
    if metric := optional_metrics().get(name):
        info = metric_column(metric)
        return RunColumn(name, name, lambda facts: info.text(facts.row, WHOLE), right=True)
    return _of_setting(name) if name in FIELDS else None


def _of_home(key: str) -> RunColumn:
    info = HOME[key]
    return RunColumn(key, key, lambda facts: info.text(facts.row, WHOLE), info.right)


def _of_setting(name: str) -> RunColumn:
    return RunColumn(name, name, lambda facts: setting(facts.spec[name]), is_number(name))


def _fold(facts: RunFacts) -> str:
    """Write `1/3`; empty for a run that is no fold."""
    return f"{facts.spec['fold']}/{facts.spec['folds']}" if facts.spec["fold"] else ""


def _finding(facts: RunFacts) -> str:
    """Return the gravest finding's headline with the sign of its severity."""
    headline, severity = head_of(facts.run.headline, facts.run.severity, facts.run.verdict)
    return f"{SIGNS[severity]} {headline}" if severity else headline or "–"


def _remark(facts: RunFacts) -> str:
    run = facts.run
    doing = (REQUESTED.get(run.request or "") or run.doing) if run.status == "running" else ""
    return _short(run.error or doing or waiting_text(facts.waiting), 60)


def waiting_text(waiting: Waiting | None) -> str:
    """Format why a run waits, is slow or when it ends, in local time: `2 ahead, starts ≈ 15:52`, `ends ≈ 17:40`."""
    if waiting is None:
        return ""
    parts = [said] if (said := waiting.reason or waiting.slow) else []
    if waiting.reason is None and waiting.ends:
        parts.append(f"ends {forecast(waiting.ends[1])}")
    else:
        parts.append(start_shown(waiting))
    return ", ".join(filter(None, parts))


def _short(text: str, most: int) -> str:
    """Cut a text to `most` characters on a terminal; a file or a pipe gets all of it."""
    return text if len(text) <= most or not sys.stdout.isatty() else text[: most - 1] + "…"


OWN = {
    each.key: each
    for each in (
        RunColumn("status", "status", lambda facts: facts.run.status),
        RunColumn("user", "user", lambda facts: facts.run.user_name or "–"),
        RunColumn("data", "data", lambda facts: facts.data),
        RunColumn("settings", "settings", lambda facts: facts.told),
        RunColumn("fold", "fold", _fold, right=True),
        RunColumn("name", "name", lambda facts: _short(facts.run.name, 30)),
        RunColumn("sweep", "sweep", lambda facts: facts.run.sweep),
        RunColumn("epoch", "epoch", lambda facts: f"{facts.run.epoch}/{facts.run.epochs}", right=True),
        RunColumn("baseline", "baseline", lambda facts: decimals(facts.run.baseline), right=True),
        RunColumn(
            "chosen_by",
            "chosen by",
            lambda facts: facts.spec["select_on"] if facts.run.best_acc is not None else "–",
        ),
        RunColumn("findings", "findings", _finding),
        RunColumn("remark", "remark", _remark),
    )
}
"""Columns that Home lacks, or shows otherwise."""
COLUMN_KEYS = tuple(dict.fromkeys([*HOME, *OWN]))
"""Names of columns that are neither metrics nor settings, or shown otherwise than those."""
