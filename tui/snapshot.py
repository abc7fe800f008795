"""Frozen view models, made from rows of the run table by pure functions. Widgets draw them and nothing else."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.analysis.news import WARNINGS
from engine.store.status import ENDED, Request, Status
from tui.formatting import clock, learning_rate, without_dashes
from tui.formatting import plain as plain_once

if TYPE_CHECKING:  # a snapshot is drawn before the store is loaded
    from engine.queries.waiting import Waiting
    from engine.store.history import Matrix
    from engine.store.overview import Listed
    from engine.store.tables import EpochMetrics, Run, Worker

plain = functools.lru_cache(maxsize=65_536)(plain_once)
"""Ten thousand rows say the same few things."""
GLYPHS = {"running": "●", "queued": "○", "paused": "‖", "done": "✔", "failed": "✖", "cancelled": "–"}
SOON = timedelta(seconds=30)
"""A start nearer than this needs no clock."""


class RunRow(NamedTuple):
    """A line of the run table; text is harmless, what is undefined is None. A tuple: ten thousand are made at once."""

    id: int
    status: Status
    asked: Request | None
    """What a running run was asked and has not done yet: cancel or pause."""
    name: str
    note: str
    tags: tuple[str, ...]
    sweep: str
    priority: int
    data: str
    arch: str
    pretrained: str
    lr: float
    seed: int
    batch_size: int
    epoch: int
    epochs: int
    progress: float
    """Share of all steps, 0 to 1."""
    best: float | None
    """Test accuracy at the best epoch."""
    kappa: float | None
    verdict: str
    remark: str
    """Why it waits, what it does before its first step, or why it failed; empty otherwise."""
    ends: int | None
    """When it will have ended, most likely: seconds since 1970, to the minute."""
    rank: tuple[int, int, int, int]
    """Its place in the queue's order: running, waiting (paused ones keep their places), ended."""
    cause: str = ""
    """Why it failed, in a word."""

    @property
    def warned(self) -> bool:
        return self.verdict in WARNINGS


@dataclass(frozen=True)
class Curve:
    """Accuracies by epoch; None where there is none."""

    epochs: tuple[int, ...]
    train: tuple[float | None, ...]
    test: tuple[float | None, ...]
    baseline: float | None
    last_epoch: int
    """The right end of the axis: the epochs that the run is to have."""


@dataclass(frozen=True)
class MatrixView:
    """A confusion matrix in counts, row = true class."""

    counts: tuple[tuple[int, ...], ...]
    class_names: tuple[str, ...]
    epoch: int
    epochs: int

    @property
    def images(self) -> int:
        return sum(map(sum, self.counts))

    def shares(self, row: int) -> list[float | None]:
        """A row over its sum; undefined for a class without images."""
        total = sum(self.counts[row])
        return [count / total if total else None for count in self.counts[row]]


@dataclass(frozen=True)
class Detail:
    """The highlighted run."""

    run_id: int
    title: str
    curve: Curve
    matrix: MatrixView | None
    verdict: Verdict


@dataclass(frozen=True)
class Verdict:
    """What the numbers say of a run."""

    word: str
    """`healthy`, `collapsed`, …, a failed run's cause, `waiting`, or empty."""
    evidence: str = ""
    suggestion: str = ""
    bad: bool = False


@dataclass(frozen=True)
class WorkerView:
    id: int
    device: str
    name: str
    load: str
    run_id: int | None
    images_per_s: float | None
    waits: str = ""
    """Why it claims nothing though runs are queued; empty where it would."""
    host: str = ""
    pid: int = 0
    pid_started: str = ""
    seen_s: float = 0.0
    """Its latest sign of life, by the database's clock."""
    gauges: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)
    """Utilisation in %, memory in use and in all in GiB, temperature in °C."""


@dataclass(frozen=True)
class Snapshot:
    """Everything that the home screen shows."""

    rows: Mapping[int, RunRow]
    """By id. A row that has not changed is the same object as in the snapshot before."""
    counts: Mapping[str, int]
    left_s: float | None
    """Seconds until all runs have ended, where the speed of each is known."""
    detail: Detail | None
    workers: tuple[WorkerView, ...]
    is_paused: bool = False
    """Whether no run is to start."""
    latest_end: datetime | None = None
    """Of all runs that ended: what is seen here is no news later."""

    @property
    def warned_running(self) -> tuple[int, ...]:
        """The running runs that look bad."""
        return tuple(
            row.id for row in self.rows.values() if row.status == "running" and row.verdict in WARNINGS
        )


def make_row(run: Listed, waiting: Waiting | None) -> RunRow:
    remark, ends = _of_waiting(run, waiting)
    return RunRow(
        id=run.id or 0,
        status=run.status,
        asked=run.request,
        name=plain(run.name),
        note=plain(run.note),
        tags=tuple(map(plain, run.tags)),
        sweep=plain(run.sweep),
        priority=run.priority,
        data=plain(run.data),
        arch=run.arch,
        pretrained=plain(run.pretrained),
        lr=run.lr,
        seed=run.seed,
        batch_size=run.batch_size,
        epoch=run.epoch,
        epochs=run.epochs,
        progress=progress(run),
        best=run.best_acc,
        kappa=run.best_kappa,
        verdict=(run.verdict or "") if run.status != "failed" else "",  # how it ended says more
        remark=remark,
        ends=ends,
        rank=_rank(run),
        cause=run.cause or "",
    )


def waiting_again(row: RunRow, run: Listed, waiting: Waiting | None) -> RunRow:
    """The row of a run that has not changed, with what it waits for now."""
    remark, ends = _of_waiting(run, waiting)
    return row if (remark, ends) == (row.remark, row.ends) else row._replace(remark=remark, ends=ends)


def _of_waiting(run: Listed, waiting: Waiting | None) -> tuple[str, int | None]:
    remarks = {
        "queued": waiting_text(waiting),
        "failed": without_dashes(run.error or run.cause or ""),
        "running": run.doing,
    }
    ends = round(waiting.ends[1].timestamp() / 60) * 60 if waiting and waiting.ends else None
    return plain(remarks.get(run.status, "")), ends


def _rank(run: Listed) -> tuple[int, int, int, int]:
    run_id = run.id or 0
    if run.status == "running":
        return 0, run_id, 0, 0
    return (2, -run_id, 0, 0) if run.status in ENDED else (1, -run.priority, run.position, run_id)


def waiting_text(waiting: Waiting | None) -> str:
    """`2 ahead`, `starts ≈ 15:52`, `waits for #12`: a time says more than a place."""
    if waiting is None or waiting.reason is None:
        return ""
    return start_shown(waiting) or waiting.reason


def start_shown(waiting: Waiting) -> str:
    """`starts ≈ 15:52`, in local time; empty where nobody knows, and for one so near that it needs no clock."""
    if waiting.starts and waiting.starts[1] - datetime.now(UTC) > SOON:
        return f"starts ≈ {clock(waiting.starts[1])}"
    return ""


def progress(run: Listed) -> float:
    total = run.epochs * run.steps_per_epoch
    if run.status == "done" or not total:
        return 1.0 if run.status == "done" else 0.0
    return float(min(max(run.step, run.epoch * run.steps_per_epoch) / total, 1.0))


def make_detail(run: Run, epochs: Sequence[EpochMetrics], matrix: Matrix | None, waiting: str) -> Detail:
    # An untrained network's accuracy would squash the curve: it is shown only while there is no other.
    drawn = [row for row in epochs if row.epoch > 0] or list(epochs)
    parts = [f"#{run.id} {run.arch}", run.pretrained, f"lr {learning_rate(run.lr)}", run.data]
    names = tuple(map(plain, run.class_names))
    shown = epochs[-1].epoch if epochs else 0
    return Detail(
        run_id=run.id or 0,
        title=plain(" · ".join(parts) + (f" · {run.name}" if run.name else "")),
        curve=Curve(
            tuple(row.epoch for row in drawn),
            tuple(row.train_acc for row in drawn),
            tuple(row.test_acc for row in drawn),
            run.baseline,
            max(run.epochs, shown, 1),
        ),
        matrix=MatrixView(tuple(map(tuple, matrix)), names, shown, run.epochs) if matrix else None,
        verdict=verdict_of(run, waiting),
    )


def verdict_of(run: Run, waiting: str) -> Verdict:
    if run.status == "failed":
        return Verdict(
            plain(f"failed: {run.cause}"),
            without_dashes(plain(run.error or "")),
            without_dashes(plain(run.suggestion or "")),
            bad=True,
        )
    if run.verdict:
        evidence = "; ".join(filter(None, (run.verdict_evidence, run.verdict_ruled_out)))
        suggestion = plain(run.verdict_suggestion or "")
        return Verdict(plain(run.verdict), plain(evidence), suggestion, bad=run.verdict in WARNINGS)
    return Verdict("waiting", plain(waiting)) if waiting else Verdict("")


def make_workers(workers: Sequence[Worker], running: Iterable[Listed]) -> tuple[WorkerView, ...]:
    held = {run.worker_id: run for run in running}
    views = []
    for worker in workers:
        run = held.get(worker.id)
        views.append(
            WorkerView(
                id=worker.id or 0,
                device=plain(worker.device),
                name=plain(worker.device_name),
                load=describe_load(worker.telemetry),
                run_id=run.id if run else None,
                images_per_s=run.images_per_s if run else None,
                waits=plain(worker.state) if worker.state.startswith("waits") else "",
                host=worker.host,
                pid=worker.pid,
                pid_started=worker.pid_started,
                seen_s=worker.seen_s,
                gauges=_gauges(worker.telemetry),
            )
        )
    return tuple(views)


def _gauges(telemetry: Mapping[str, Any]) -> tuple[float | None, float | None, float | None, float | None]:
    percent = telemetry.get("gpu_percent", telemetry.get("cpu_percent"))
    return (
        percent,
        telemetry.get("memory_gb"),
        telemetry.get("memory_total_gb"),
        telemetry.get("temperature_c"),
    )


def describe_load(telemetry: Mapping[str, Any]) -> str:
    """`97 %  41/80 GB  63 °C`: whatever is known."""
    percent, used, total, temperature = _gauges(telemetry)
    parts = [f"{percent:.0f} %"] if percent is not None else []
    if used is not None:
        parts.append(f"{used:.0f}/{total:.0f} GB" if total else f"{used:.1f} GB")
    if temperature is not None:
        parts.append(f"{temperature:.0f} °C")
    return "  ".join(parts)


def seconds_left(waits: Mapping[int, Waiting], now: datetime) -> float | None:
    """Until the last waiting or running run will have ended; None where that is unknown of any."""
    ends = [waiting.ends for waiting in waits.values()]
    known = [end[1] for end in ends if end is not None]
    return max((max(known) - now).total_seconds(), 0.0) if known and len(known) == len(ends) else None
