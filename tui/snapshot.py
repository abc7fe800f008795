"""Frozen view models, made from rows of the run table by pure functions. Widgets draw them and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.store.history import Matrix
from engine.store.status import ENDED
from engine.store.tables import EpochMetrics, Run, Worker
from tui.text import decimals, learning_rate, plain

WARNED = ("collapsed", "diverged")
GLYPHS = {"running": "●", "queued": "○", "paused": "‖", "done": "✔", "failed": "✖", "cancelled": "–"}


@dataclass(frozen=True)
class RunRow:
    """A line of the run table."""

    id: int
    status: str
    asked: str | None
    """What a running run was asked and has not done yet: cancel or pause."""
    arch: str
    pretrained: str
    lr: str
    data: str
    name: str
    epoch: int
    epochs: int
    progress: float
    """Share of all steps, 0 to 1."""
    best: str
    kappa: str
    warned: bool
    remark: str
    """Why it waits, what it does before its first step, or why it failed; empty otherwise."""


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
    verdict: str
    """`healthy`, `collapsed`, …, a failed run's cause, or empty."""
    evidence: str
    suggestion: str
    bad: bool


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


@dataclass(frozen=True)
class Snapshot:
    """Everything that the home screen shows."""

    rows: tuple[RunRow, ...]
    counts: Mapping[str, int]
    left_s: float | None
    """Seconds until all runs have ended, where the speed of each is known."""
    detail: Detail | None
    workers: tuple[WorkerView, ...]


def make_rows(runs: Sequence[Run], order: Sequence[int], waiting: Mapping[int, str]) -> tuple[RunRow, ...]:
    """Running first, then waiting in the queue's order, then ended, newest first."""
    place = {run_id: number for number, run_id in enumerate(order)}

    def key(run: Run) -> tuple[int, int]:
        run_id = run.id or 0
        if run.status == "running":
            return 0, run_id
        if run.status in ENDED:
            return 2, -run_id
        return 1, place.get(run_id, len(place) + run_id)

    return tuple(make_row(run, waiting.get(run.id or 0, "")) for run in sorted(runs, key=key))


def make_row(run: Run, waiting: str) -> RunRow:
    remarks = {"queued": waiting, "failed": run.error or run.cause or "", "running": run.doing}
    return RunRow(
        id=run.id or 0,
        status=run.status,
        asked=run.request,
        arch=run.arch,
        pretrained=plain(run.pretrained),
        lr=learning_rate(run.lr),
        data=plain(run.data),
        name=plain(run.name),
        epoch=run.epoch,
        epochs=run.epochs,
        progress=progress(run),
        best=decimals(run.best_acc),
        kappa=decimals(run.best_kappa, 3),
        warned=run.verdict in WARNED,
        remark=plain(remarks.get(run.status, "")),
    )


def progress(run: Run) -> float:
    total = run.epochs * run.steps_per_epoch
    if run.status == "done" or not total:
        return 1.0 if run.status == "done" else 0.0
    return min(max(run.step, run.epoch * run.steps_per_epoch) / total, 1.0)


def make_detail(run: Run, epochs: Sequence[EpochMetrics], matrix: Matrix | None, waiting: str) -> Detail:
    # An untrained network's accuracy would squash the curve: it is shown only while there is no other.
    drawn = [row for row in epochs if row.epoch > 0] or list(epochs)
    parts = [f"#{run.id} {run.arch}", run.pretrained, f"lr {learning_rate(run.lr)}", run.data]
    names = tuple(map(plain, run.class_names))
    shown = epochs[-1].epoch if epochs else 0
    verdict, evidence, suggestion = _verdict(run, waiting)
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
        verdict=plain(verdict),
        evidence=plain(evidence),
        suggestion=plain(suggestion),
        bad=run.status == "failed" or run.verdict in WARNED,
    )


def _verdict(run: Run, waiting: str) -> tuple[str, str, str]:
    if run.status == "failed":
        return f"failed: {run.cause}", run.error or "", run.suggestion or ""
    if run.verdict:
        evidence = "; ".join(filter(None, (run.verdict_evidence, run.verdict_ruled_out)))
        return run.verdict, evidence, run.verdict_suggestion or ""
    return ("waiting", waiting, "") if waiting else ("", "", "")


def make_workers(workers: Sequence[Worker], runs: Sequence[Run]) -> tuple[WorkerView, ...]:
    held = {run.worker_id: run for run in runs if run.status == "running"}
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
            )
        )
    return tuple(views)


def describe_load(telemetry: Mapping[str, Any]) -> str:
    """`97 %  41/80 GB  63 °C`: whatever is known."""
    percent = telemetry.get("gpu_percent", telemetry.get("cpu_percent"))
    used, total = telemetry.get("memory_gb"), telemetry.get("memory_total_gb")
    parts = [f"{percent:.0f} %"] if percent is not None else []
    if used is not None:
        parts.append(f"{used:.0f}/{total:.0f} GB" if total else f"{used:.1f} GB")
    if (temperature := telemetry.get("temperature_c")) is not None:
        parts.append(f"{temperature:.0f} °C")
    return "  ".join(parts)


def seconds_left(runs: Sequence[Run], now: datetime) -> float | None:
    """Until the last waiting or running run has ended, one after another; None where a run's speed is unknown.

    A run takes as long an epoch as the finished runs of its data, arch and batch size did, or itself so far."""
    measured: dict[tuple[str, str, int], float] = {}
    for run in runs:
        if run.status == "done" and run.started_at and run.ended_at and run.epoch:
            measured[_kind(run)] = (run.ended_at - run.started_at).total_seconds() / run.epoch
    left = [run for run in runs if run.status in ("queued", "running")]
    total = 0.0
    for run in left:
        done = progress(run) * run.epochs
        an_epoch = measured.get(_kind(run))
        if an_epoch is None and run.status == "running" and run.started_at and done >= 1:
            an_epoch = (now - run.started_at).total_seconds() / done
        if an_epoch is None:
            return None
        total += an_epoch * (run.epochs - done)
    return total if left else None


def _kind(run: Run) -> tuple[str, str, int]:
    return run.data, run.arch, run.batch_size
