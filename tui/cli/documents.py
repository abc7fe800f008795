"""A run as a JSON document: stable keys for scripts and tests."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.files.paths import Home
from engine.queries.waiting import Waiting, waits
from engine.spec.grid import load_spec
from engine.spec.run_spec import FIELDS
from engine.store import history, listing
from engine.store.database import Store
from engine.store.tables import EpochMetrics, Run
from tui.feeds.run_log import log_tail

LOG_LINES = 50
_METRICS = (
    "epoch", "train_loss", "train_acc", "test_loss", "test_nll", "test_acc", "balanced_acc", "macro_f1", "kappa",
    "auc_referable", "sensitivity_referable", "specificity_referable", "sensitivity_referable_at_93",
    "sensitivity_referable_at_98", "ece", "test_acc_seen_group", "test_acc_unseen_group", "images_seen_group",
    "images_unseen_group", "val_acc", "val_balanced_acc", "val_kappa", "val_nll", "eval_train_acc",
    "eval_train_balanced_acc", "eval_train_kappa", "eval_train_nll",
    "recall", "precision", "f1", "answers", "images_per_s", "data_wait_share", "lr", "grad_norm", "grad_norm_first",
    "max_logit", "nonfinite_share", "seconds",
)  # fmt: skip
_ARTIFACTS = ("log", "last", "best", "answers", "bad_images", "trained_on")


def brief(run: Run, waiting: Waiting | None) -> dict[str, Any]:
    """What `ls --json` gives of a run."""
    spec = load_spec(run.spec).model_dump()  # an older run's lacks the newest fields
    return {
        **{name: getattr(run, name) for name in ("id", "status", "cause", "error", "suggestion")},
        **{name: getattr(run, name) for name in ("name", "note", "tags", "sweep", "priority")},
        **{name: spec[name] for name in FIELDS},
        **{
            name: getattr(run, name)
            for name in ("attempt", "failures", "epoch", "baseline", "images_per_s", "peak_memory_gb")
        },
        "doing": run.doing or None,
        "best": _best(run, spec),
        "verdict": _verdict(run),
        "waiting": waiting_document(waiting) if waiting else None,
        "created_at": run.created_at.isoformat(),
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
    }


def waiting_document(waiting: Waiting) -> dict[str, Any]:
    """Why it waits, when it will start and end, and between which times; null where nothing tells them."""
    return {
        "reason": waiting.reason,
        "starts_at": _likely(waiting.starts),
        "ends_at": _likely(waiting.ends),
        "starts_between": _between(waiting.starts),
        "ends_between": _between(waiting.ends),
    }


def _likely(times: tuple[datetime, datetime, datetime] | None) -> str | None:
    return times[1].isoformat(timespec="seconds") if times else None


def _between(times: tuple[datetime, datetime, datetime] | None) -> list[str] | None:
    return [times[0].isoformat(timespec="seconds"), times[2].isoformat(timespec="seconds")] if times else None


def whole(store: Store, home: Home, run_id: int) -> dict[str, Any]:
    """What `show --json` gives. Raises QueueError where there is no such run."""
    with store.read() as session:
        run = listing.get_run(session, run_id)
        epochs = history.epochs_of(session, run_id)
        matrices = history.confusions_of(session, run_id)
        waiting = waits(session, [run_id]).get(run_id)
    metrics = [_epoch(row) | {"confusion": matrices.get(row.epoch)} for row in epochs]
    last = next((row for row in reversed(metrics) if row["epoch"] > 0), None)
    return {
        **brief(run, waiting),
        "class_names": run.class_names,
        "last": {name: last[name] for name in ("epoch", "test_acc", "balanced_acc", "kappa")}
        if last
        else None,
        "environment": run.environment,
        "leak": run.leak,
        "artifacts": _artifacts(home, run_id),
        "log_tail": log_tail(home.run(run_id).log, LOG_LINES),
        "metrics": metrics if last or run.epochs == 0 else [],
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
    return {name: getattr(row, name) for name in _METRICS}


def _artifacts(home: Home, run_id: int) -> dict[str, str]:
    """The run's files that are there, by what they are, as paths from the home."""
    paths = home.run(run_id)
    files: dict[str, Path] = {name: getattr(paths, name) for name in _ARTIFACTS}
    for last in (False, True):
        suffix = "_last" if last else ""
        files |= {
            f"predictions{suffix}": paths.predictions(last=last),
            f"scores{suffix}": paths.scores(last=last),
        }
    return {name: home.relative(path) for name, path in files.items() if path.exists()}


def briefs(runs: Iterable[Run], waiting: Mapping[int, Waiting]) -> list[dict[str, Any]]:
    return [brief(run, waiting.get(run.id or 0)) for run in runs]
