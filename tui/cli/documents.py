"""JSON documents of runs, with stable keys for scripts and tests."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

from engine.analysis.finding import head_of
from engine.files.paths import Home
from engine.hardware import processes
from engine.queries.judged import document_of, read_findings
from engine.queries.read_groups import group_of_run
from engine.queries.waiting import Waiting, waits
from engine.spec.grid import load_spec
from engine.spec.run_spec import FIELDS
from engine.store import history, listing
from engine.store.attempt_times import read_time_line
from engine.store.database import Store
from engine.store.epoch_values import values_of_row
from engine.store.measurement_tables import EpochMetrics
from engine.store.needs import needs_of
from engine.store.run_environment import RunEnvironment
from engine.store.tables import Run
from tui.cli.slurm_waits import with_jobs_that_wait
from tui.feeds.run_log import log_tail

LOG_LINES = 50
_ARTIFACTS = ("log", "last", "best", "answers", "metrics", "bad_images", "trained_on", "profile")


def brief(run: Run, waiting: Waiting | None) -> dict[str, Any]:
    """Return the document of a run in `ls --json`."""
    spec = load_spec(run.spec, run.id).model_dump()  # the spec of an older run has not all fields
    return {
        **{name: getattr(run, name) for name in ("id", "status", "cause", "error", "suggestion")},
        **{name: getattr(run, name) for name in ("name", "note", "tags", "sweep", "priority")},
        "user": run.user_name,
        "needs": needs_of(run).words(),
        **{name: spec[name] for name in FIELDS},
        **{
            name: getattr(run, name)
            for name in ("attempt", "failures", "epoch", "baseline", "images_per_s", "peak_memory_gb")
        },
        "doing": run.doing or None,
        "best": _best(run, spec),
        "best_metrics": run.best_metrics,
        "last_metrics": run.last_metrics if run.epoch or not run.epochs else None,
        "verdict": _verdict(run),
        "findings": run.findings,
        "headline": head_of(run.headline, run.severity, run.verdict)[0] or None,
        "group_key": run.group_key,
        "waiting": waiting_document(waiting) if waiting else None,
        "created_at": run.created_at.isoformat(),
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
    }


def waiting_document(waiting: Waiting) -> dict[str, Any]:
    """Return why a run waits, its estimated start and end with their ranges, and that a running run is far slower than
    runs like it; null where there is none."""
    return {
        "reason": waiting.reason,
        "starts_at": _likely(waiting.starts),
        "ends_at": _likely(waiting.ends),
        "starts_between": _between(waiting.starts),
        "ends_between": _between(waiting.ends),
        "slow": waiting.slow or None,
    }


def _likely(times: tuple[datetime, datetime, datetime] | None) -> str | None:
    return times[1].isoformat(timespec="seconds") if times else None


def _between(times: tuple[datetime, datetime, datetime] | None) -> list[str] | None:
    return [times[0].isoformat(timespec="seconds"), times[2].isoformat(timespec="seconds")] if times else None


def whole(store: Store, home: Home, run_id: int, *, every_matrix: bool = True) -> dict[str, Any]:
    """Return the document of `show --json`; without `every_matrix` only the best and the last epoch have theirs.

    Raises QueueError where there is no such run."""
    with store.read() as session:
        run = listing.get_run(session, run_id)
        epochs = history.epochs_of(session, run_id)
        packed = history.packed_confusions_of(session, run_id)
        findings = read_findings(session, run)
        waits_by_run = waits(session, [run_id])
        group = group_of_run(session, run_id)
        time_line = read_time_line(session, run_id)
    waiting = with_jobs_that_wait(home, waits_by_run).get(run_id)
    shown = packed.keys() if every_matrix else packed.keys() & {run.best_epoch, run.epoch}
    matrices = {epoch: packed[epoch].unpacked() for epoch in shown}
    metrics = [_epoch(row) | {"confusion": matrices.get(row.epoch)} for row in epochs]
    last = next((row for row in reversed(metrics) if row["epoch"] > 0), None)
    return {
        **brief(run, waiting),
        **document_of(findings),
        "group": {"key": group.key, "run_ids": list(group.run_ids), "differing": list(group.differing)}
        if group
        else None,
        "class_names": run.class_names,
        "is_ordered": run.is_ordered,
        "ordered_why": run.ordered_why or None,
        "last": {name: last[name] for name in ("epoch", "test_acc", "balanced_acc", "kappa")}
        if last
        else None,
        "environment": run.environment,
        "leak": run.leak,
        "time_line": time_line.document() if time_line is not None else None,
        "intervals": _intervals(home, run, metrics),
        "artifacts": _artifacts(home, run_id),
        "files_on": _files_on(home, run),
        "log_tail": log_tail(home.run(run_id).log, LOG_LINES),
        "metrics": metrics if last or run.epochs == 0 else [],
    }


def _files_on(home: Home, run: Run) -> str | None:
    """Return the host that a run's files are on, where they are not in this home."""
    host = RunEnvironment(run.environment).host
    is_away = run.epoch and host != processes.host_name() and not home.run(run.id or 0).folder.is_dir()
    return host or None if is_away else None


def _intervals(home: Home, run: Run, metrics: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the 95 % intervals of the test accuracy at the best and the last epoch; null where it has none."""
    from engine.queries.accuracy_intervals import accuracy_intervals

    epochs = {"best": run.best_epoch, "last": run.epoch if run.epoch or not run.epochs else None}
    rows = {row["epoch"]: row for row in metrics if row["epoch"] in epochs.values()}
    known = {
        epoch: (row["test_acc"], sum(map(sum, row["confusion"])))
        for epoch, row in rows.items()
        if row["test_acc"] is not None and row["confusion"]
    }
    found = accuracy_intervals(home, run, known) if known else {}
    return {
        moment: {"epoch": epoch, **found[epoch]} if epoch in found else None
        for moment, epoch in epochs.items()
    }


def _best(run: Run, spec: dict[str, Any]) -> dict[str, Any] | None:
    if run.best_epoch is None:
        return None
    return {
        "epoch": run.best_epoch,
        "test_acc": run.best_acc,
        "balanced_acc": run.best_balanced_acc,
        "kappa": run.best_kappa,
        "selected_on": spec["select_on"],
        "selected_value": run.best,
    }


def _verdict(run: Run) -> dict[str, Any] | None:
    if run.verdict is None:
        return None
    return {
        "kind": run.verdict,
        "evidence": run.verdict_evidence,
        "ruled_out": run.verdict_ruled_out or "",
        "suggestion": run.verdict_suggestion,
        "change": run.verdict_change or {},
    }


def _epoch(row: EpochMetrics) -> dict[str, Any]:
    measured = values_of_row(row)
    return {"epoch": measured.epoch, **measured.values}


def _artifacts(home: Home, run_id: int) -> dict[str, str]:
    """Return the paths of the run's existing files, relative to the home, by kind."""
    paths = home.run(run_id)
    files: dict[str, Path] = {name: getattr(paths, name) for name in _ARTIFACTS}
    for val, last in product((False, True), repeat=2):
        suffix = ("_val" if val else "") + ("_last" if last else "")
        files |= {
            f"predictions{suffix}": paths.predictions(last=last, val=val),
            f"scores{suffix}": paths.scores(last=last, val=val),
        }
    return {name: home.relative(path) for name, path in files.items() if path.exists()}


def briefs(runs: Iterable[Run], waiting: Mapping[int, Waiting]) -> list[dict[str, Any]]:
    return [brief(run, waiting.get(run.id or 0)) for run in runs]
