"""Read what happened since a time."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from engine.analysis.news import News, RunState, gather
from engine.spec.plugin_name import arch_shown
from engine.store.dependencies import some_of
from engine.store.schema import run_table
from engine.text import learning_rate


def read_news(session: Session, since: datetime, *, already_warned: Collection[int] = ()) -> News:
    """Read what happened after `since`, exclusive. `already_warned`: running runs whose warning was news before."""
    table = run_table.c
    ended = run_states(session, table.ended_at > since)
    running = run_states(session, (table.status == "running") & table.verdict.is_not(None))
    return gather(ended, running, done_in_sweeps(session, ended), already_warned=already_warned)


def done_in_sweeps(session: Session, ended: Collection[RunState]) -> dict[str, list[RunState]]:
    """Return all done runs of the sweeps that the done ones of these runs belong to."""
    names = sorted({run.sweep for run in ended if run.sweep and run.status == "done"})
    sweeps: dict[str, list[RunState]] = {name: [] for name in names}
    for some in some_of(names):
        for run in run_states(session, run_table.c.sweep.in_(some) & (run_table.c.status == "done")):
            sweeps[run.sweep].append(run)
    return sweeps


def run_states(session: Session, which: ColumnElement[bool], *, newest: int | None = None) -> list[RunState]:
    """Return the runs of a condition, by id; or the `newest` that ended last, the last one first."""
    table = run_table.c
    names = (
        "id", "status", "arch", "pretrained", "lr", "spec", "ended_at", "cause", "error", "sweep", "data", "best",
        "baseline", "verdict", "verdict_evidence", "findings", "headline", "severity",
    )  # fmt: skip
    chosen = select(*(table[name] for name in names)).where(which)
    if newest is None:
        chosen = chosen.order_by(table.id)
    else:
        chosen = chosen.order_by(table.ended_at.desc(), table.id.desc()).limit(newest)
    return [_state(row) for row in session.execute(chosen)]


def _state(row: Any) -> RunState:
    return RunState(
        id=row.id,
        status=row.status,
        label=f"{arch_shown(row.arch)} {row.pretrained} lr {learning_rate(row.lr)}",
        ended_at=row.ended_at,
        cause=row.cause,
        error=row.error,
        sweep=row.sweep,
        data=row.data,
        selected_on=json.loads(row.spec).get("select_on", ""),
        best=row.best,
        baseline=row.baseline,
        verdict=row.verdict,
        evidence=row.findings[0]["evidence"] if row.findings else row.verdict_evidence,
        headline=row.headline,
        severity=row.severity,
    )
