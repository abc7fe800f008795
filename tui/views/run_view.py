"""View models of the opened run, made from its rows by pure functions."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from engine.analysis.finding import change_of
from engine.analysis.test_sets import TestSet, test_set
from engine.metrics.catalogue import numbers
from engine.metrics.metric import EpochValues
from engine.metrics.selection import is_optimistic
from engine.queries.judged import findings_of
from engine.spec.plugin_name import arch_shown
from engine.spec.run_spec import RunSpec
from engine.store.epoch_values import values_of_row
from engine.store.history import Losses, PackedMatrix
from engine.store.measurement_tables import EpochMetrics
from engine.store.run_environment import RunEnvironment
from engine.store.status import FROM_THE_START, Status
from engine.store.system_use import AttemptUse
from engine.store.tables import Run
from engine.time_line import TimeLine
from tui.detail_view import Curves, FindingView, MatrixView
from tui.formatting import learning_rate, plain
from tui.snapshot_rows import findings_shown
from tui.views.group_band import GroupBand
from tui.views.run_matrices import RunMatrices
from tui.views.x_axis import Pace

Points = tuple[tuple[float, float], ...]
"""Pairs of epoch and value, both finite."""

NOT_BEFORE_TRAINING = frozenset({"lr"})
"""Metrics whose value at epoch 0 was not used in training."""


@dataclass(frozen=True)
class Failure:
    """Cause of a run's failure, and the ways to continue; every text is one line."""

    cause: str
    error: str
    suggestion: str
    attempt: int
    ended: datetime | None
    kept_epochs: int
    is_anew: bool
    """True where a retry starts over, because resuming would fail in the same way."""
    change: str
    """Settings that `f` changes in a clone; empty where no change is known to help."""
    last_lines: tuple[str, ...]
    """Last lines of the log."""


@dataclass(frozen=True)
class PinnedRun:
    """Pinned run whose curves are drawn behind those of the opened one."""

    run_id: int
    data: str
    curves: Curves
    pace: Pace

    @property
    def name(self) -> str:
        return f"#{self.run_id}"


@dataclass(frozen=True)
class RunView:
    run_id: int
    title: str
    status: Status
    name: str
    epoch: int
    epochs: int
    """Planned epochs."""
    best_epoch: int | None
    """Epoch that `select_on` chose; its weights are kept."""
    data_fingerprint: str
    """Fingerprint of the images; empty before the run started."""
    worker: str
    """Device it trains on; empty while it is not running."""
    baseline: float | None
    curves: Curves
    losses: Points
    """Mean training loss of each bucket of steps, at the bucket's middle in epochs."""
    matrices: Mapping[int, MatrixView]
    class_names: tuple[str, ...]
    """Class names, unescaped."""
    findings: tuple[FindingView, ...]
    """Findings, or the failure; without the reason for waiting, which the row of the run table shows."""
    failure: Failure | None
    spec: RunSpec
    change: Mapping[str, Any]
    """Suggested change of the spec; empty where there is none."""
    facts: tuple[tuple[str, str], ...]
    """Names and values of the environment and other facts about the run."""
    is_ordered: bool
    """Whether its classes are known to be grades."""
    time_line: TimeLine | None = None
    """Seconds by phase; None for a run of an earlier version, and before its first epoch."""
    started: datetime | None = None
    """First start."""
    ended: datetime | None = None
    attempt: int = 0
    steps_per_epoch: int = 0
    """0 before the run started."""
    uses: tuple[AttemptUse, ...] = ()
    """Use of the device by its attempts, in order; none where it was not asked for."""
    group: GroupBand | None = None
    """Its group; None for a run that is in none, or where it was not asked for."""
    pinned: PinnedRun | None = None
    """None where no other run is pinned."""

    @property
    def short(self) -> str:
        """Return its name in tables."""
        return f"#{self.run_id}"

    @property
    def caption(self) -> str:
        """Return what stands below its charts."""
        parts = [self.group.says] if self.group is not None else []
        if self.pinned is not None and self.beside is None:
            parts.append(f"pinned {self.pinned.name}: other data")
        return "   ".join(parts)

    @property
    def beside(self) -> PinnedRun | None:
        """Return the pinned run where its curves are of the same data."""
        is_same = self.pinned is not None and self.pinned.data == plain(self.spec.data)
        return self.pinned if is_same else None

    @property
    def front(self) -> None:
        """Return None: it is the only run of its charts."""

    @property
    def file_stem(self) -> str:
        return f"run-{self.run_id}"

    @property
    def names(self) -> Mapping[int, str]:
        """Return nothing: its title names it."""
        return {}

    @cached_property
    def pace(self) -> Pace:
        return Pace(self.steps_per_epoch, self.curves["seconds"])

    @property
    def paces(self) -> tuple[Pace, ...]:
        return (self.pace, self.beside.pace) if self.beside is not None else (self.pace,)

    @property
    def has_way_out(self) -> bool:
        """Return True where a change of the spec is suggested."""
        return bool(self.change)

    def at_best(self, key: str) -> float | None:
        """Return a metric at the best epoch, or at the newest epoch where there is no best yet."""
        if self.best_epoch is None:
            return self.at_last(key)
        return next((value for epoch, value in self.curves[key] if epoch == self.best_epoch), None)

    def at_last(self, key: str) -> float | None:
        """Return a metric at the newest epoch."""
        points = self.curves[key]
        return points[-1][1] if points else None

    @property
    def test_images(self) -> int:
        return next((matrix.images for matrix in self.matrices.values()), 0)

    @property
    def test_set(self) -> TestSet:
        matrix = next(iter(self.matrices.values()), None)
        counts = map(sum, matrix.counts) if matrix is not None else ()
        return test_set(self.spec, counts, self.data_fingerprint)

    @property
    def is_optimistic(self) -> bool:
        """Return whether the images that chose the best epoch also measure it."""
        return is_optimistic(self.spec.select_on, self.spec.epochs)

    @property
    def last_epoch(self) -> int:
        """Return the right end of the axis, in epochs."""
        return max(self.epochs, self.epoch, 1)


def make_run_view(
    run: Run,
    spec: RunSpec,
    epochs: Sequence[EpochMetrics],
    curves: Curves,
    losses: Iterable[Losses],
    matrices: Mapping[int, PackedMatrix],
    last_lines: Sequence[str],
    time_line: TimeLine | None = None,
) -> RunView:
    names, environment = tuple(map(plain, run.class_names)), RunEnvironment(run.environment)
    first = next(iter(matrices.values()), None)
    # What has findings is not judged anew, which takes the labels of a matrix.
    matrix = first.unpacked() if first is not None and run.findings is None else None
    parts = [f"#{run.id} {arch_shown(run.arch)}", run.pretrained, f"lr {learning_rate(run.lr)}", run.data]
    return RunView(
        run_id=run.id or 0,
        title=plain(" · ".join(parts)),
        status=run.status,
        name=plain(run.name),
        epoch=run.epoch,
        epochs=run.epochs,
        best_epoch=run.best_epoch,
        data_fingerprint=environment.data_fingerprint,
        worker=plain(environment.device_name) if run.status == "running" else "",
        baseline=run.baseline,
        curves=curves,
        losses=_loss_curve(losses, run.steps_per_epoch),
        matrices=RunMatrices(matrices, names, run.epochs),
        class_names=tuple(run.class_names),
        findings=findings_shown(run, epochs, matrix),
        failure=_failure(run, last_lines) if run.status == "failed" else None,
        spec=spec,
        change=change_of(findings_of(run, epochs, matrix) or ()),
        facts=_facts(run),
        is_ordered=bool(run.is_ordered),
        time_line=time_line,
        started=run.started_at,
        ended=run.ended_at,
        attempt=run.attempt,
        steps_per_epoch=run.steps_per_epoch,
    )


def _failure(run: Run, last_lines: Sequence[str]) -> Failure:
    change = (run.verdict_change or {}) if run.verdict == run.cause else {}
    return Failure(
        cause=plain(run.cause or "unknown"),
        error=plain(run.error or ""),
        suggestion=plain(run.suggestion or ""),
        attempt=run.attempt,
        ended=run.ended_at,
        kept_epochs=run.epoch,
        is_anew=run.cause in FROM_THE_START,
        change=plain(", ".join(f"{name} {value}" for name, value in change.items())),
        last_lines=tuple(map(plain, last_lines)),
    )


def curves_of(epochs: Sequence[EpochMetrics]) -> Curves:
    """Return the curve of each metric that is one number, by its key."""
    measured = [values_of_row(row) for row in epochs]
    return {each.key: _curve(measured, each.key) for each in numbers()}


def _curve(epochs: Sequence[EpochValues], key: str) -> Points:
    """Return a metric's curve; epoch 0 only while there is no other, because it would compress the curve."""
    trained = [each for each in epochs if each.epoch > 0]
    shown = trained or ([] if key in NOT_BEFORE_TRAINING else epochs)
    found = [(float(each.epoch), each.number(key)) for each in shown]
    return tuple(
        (epoch, float(value)) for epoch, value in found if value is not None and math.isfinite(value)
    )


def _loss_curve(losses: Iterable[Losses], steps_per_epoch: int) -> Points:
    if not steps_per_epoch:
        return ()
    return tuple(
        ((point.bucket + 0.5) * point.width / steps_per_epoch, point.mean)
        for point in losses
        if math.isfinite(point.mean)
    )


def _facts(run: Run) -> tuple[tuple[str, str], ...]:
    facts: list[tuple[str, Any]] = [
        ("created", run.created_at), ("started", run.started_at), ("ended", run.ended_at), ("attempts", run.attempt),
        ("sweep", run.sweep), ("tags", " ".join(run.tags)), ("note", run.note),
    ]  # fmt: skip
    recorded = RunEnvironment(run.environment).facts
    facts += [(name.replace("_", " "), value) for name, value in recorded.items()]
    return tuple((name, plain(_fact(value))) for name, value in facts if value not in (None, "", []))


def _fact(value: Any) -> str:
    if hasattr(value, "astimezone"):
        return str(value.astimezone().strftime("%Y-%m-%d %H:%M:%S"))
    return str(value)
