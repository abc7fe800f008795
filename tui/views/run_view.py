"""The opened run as frozen view models, made from its rows by pure functions."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.spec.run_spec import RunSpec
from engine.store.history import Losses, Matrix
from engine.store.run_environment import RunEnvironment
from engine.store.status import FROM_THE_START, Status
from engine.store.tables import EpochMetrics, Run
from tui.formatting import learning_rate, plain, without_dashes
from tui.snapshot import MatrixView, Verdict, verdict_of

Points = tuple[tuple[float, float], ...]
"""Epochs and values, finite."""

BY_EPOCH = (
    "train_acc", "test_acc", "val_acc", "test_loss", "test_nll", "balanced_acc", "val_balanced_acc", "macro_f1",
    "kappa", "val_kappa", "lr", "images_per_s",
)  # fmt: skip
NOT_BEFORE_TRAINING = frozenset({"lr"})
"""What epoch 0 has a value of that nothing was trained with."""


@dataclass(frozen=True)
class Failure:
    """Why a run ended badly, and what can be done; every text is one line."""

    cause: str
    error: str
    suggestion: str
    attempt: int
    ended: datetime | None
    kept_epochs: int
    is_anew: bool
    """Whether a retry deletes what was trained: going on would end the same."""
    change: str
    """What `f` would set in a clone; empty where nothing is known to help."""
    last_lines: tuple[str, ...]
    """Of the log."""


@dataclass(frozen=True)
class RunView:
    run_id: int
    title: str
    status: Status
    name: str
    epoch: int
    epochs: int
    """That the run is to have."""
    best_epoch: int | None
    """That `select_on` chose, whose weights are kept."""
    data_fingerprint: str
    """Of the images that it saw; empty before it began."""
    worker: str
    """Where it trains now; empty where it does not."""
    baseline: float | None
    curves: Mapping[str, Points]
    """By the names of BY_EPOCH."""
    losses: Points
    """The training loss of each bucket of steps, in its middle."""
    matrices: Mapping[int, MatrixView]
    class_names: tuple[str, ...]
    """As the data have them."""
    verdict: Verdict
    """Without why it waits, which the run table's row says."""
    failure: Failure | None
    spec: RunSpec
    change: Mapping[str, Any]
    """Of the spec, that is suggested; empty where nothing is."""
    facts: tuple[tuple[str, str], ...]
    """Environment and whatever else identifies the run: names and values."""

    @property
    def has_way_out(self) -> bool:
        """Whether a change of its spec is suggested."""
        return bool(self.change)

    @property
    def test_images(self) -> int:
        return next((matrix.images for matrix in self.matrices.values()), 0)

    @property
    def test_set(self) -> tuple[str, float, int]:
        """Runs of which this is the same were tested on the same images."""
        return self.data_fingerprint, self.spec.test_fraction, self.test_images

    @property
    def last_epoch(self) -> int:
        """The right end of the axis."""
        return max(self.epochs, self.epoch, 1)


def make_run_view(
    run: Run,
    spec: RunSpec,
    epochs: Sequence[EpochMetrics],
    losses: Iterable[Losses],
    matrices: Mapping[int, Matrix],
    last_lines: Sequence[str],
) -> RunView:
    names, environment = tuple(map(plain, run.class_names)), RunEnvironment(run.environment)
    parts = [f"#{run.id} {run.arch}", run.pretrained, f"lr {learning_rate(run.lr)}", run.data]
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
        curves={name: _curve(epochs, name) for name in BY_EPOCH},
        losses=_loss_curve(losses, run.steps_per_epoch),
        matrices={
            epoch: MatrixView(tuple(map(tuple, matrix)), names, epoch, run.epochs)
            for epoch, matrix in matrices.items()
        },
        class_names=tuple(run.class_names),
        verdict=verdict_of(run, ""),
        failure=_failure(run, last_lines) if run.status == "failed" else None,
        spec=spec,
        change=run.verdict_change or {},
        facts=_facts(run),
    )


def _failure(run: Run, last_lines: Sequence[str]) -> Failure:
    change = (run.verdict_change or {}) if run.verdict == run.cause else {}
    return Failure(
        cause=plain(run.cause or "unknown"),
        error=without_dashes(plain(run.error or "")),
        suggestion=without_dashes(plain(run.suggestion or "")),
        attempt=run.attempt,
        ended=run.ended_at,
        kept_epochs=run.epoch,
        is_anew=run.cause in FROM_THE_START,
        change=plain(", ".join(f"{name} {value}" for name, value in change.items())),
        last_lines=tuple(map(plain, last_lines)),
    )


def _curve(epochs: Sequence[EpochMetrics], name: str) -> Points:
    """An untrained network's accuracy would squash the curve: it is shown only while there is no other."""
    trained = [row for row in epochs if row.epoch > 0]
    rows = trained or ([] if name in NOT_BEFORE_TRAINING else epochs)
    found = [(float(row.epoch), getattr(row, name)) for row in rows]
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
