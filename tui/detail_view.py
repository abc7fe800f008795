"""Highlighted run or group of the home screen: its curves, matrix and findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.analysis.finding import SIGNS

Curves = Mapping[str, tuple[tuple[float, float], ...]]
"""Curves by key, each of pairs of epoch and value."""


@dataclass(frozen=True)
class Curve:
    """Accuracies by epoch; None where there is none."""

    epochs: tuple[int, ...]
    train: tuple[float | None, ...]
    test: tuple[float | None, ...]
    baseline: float | None
    last_epoch: int
    """The right end of the axis: the epochs that the run is to have."""
    low: tuple[float | None, ...] = ()
    """Of a group, whose lines are means: the test accuracy's mean less its standard deviation."""
    high: tuple[float | None, ...] = ()
    """The mean plus the standard deviation."""
    mean_of: str = ""
    """Number of runs that the lines are means of, such as `5` or `2–5`; empty for a run."""
    best: tuple[int, float] | None = None
    """Best epoch and its test accuracy; None before there is one, and for a group."""


@dataclass(frozen=True)
class Reference:
    """Pinned run whose curve is drawn behind that of the highlighted run or group."""

    run_id: int
    data: str
    points: tuple[tuple[float, float], ...]
    """Epoch and test accuracy."""
    curves: Curves = field(default_factory=dict)
    """Those of all metrics by key; none where they were not asked for."""

    @property
    def name(self) -> str:
        return f"#{self.run_id}"


@dataclass(frozen=True)
class MatrixView:
    """Confusion matrix in counts, row = true class."""

    counts: tuple[tuple[int, ...], ...]
    class_names: tuple[str, ...]
    epoch: int
    epochs: int
    sum_of: int = 0
    """Matrices of a group's members that are summed; 0 for a run."""
    folds: tuple[int, int] = (0, 0)
    """Folds of a cross-validation whose predictions are pooled, and all its folds; zeros where it is none."""

    @property
    def pooled(self) -> str:
        """Write `pooled out of fold, 5 folds`, `3 of 5 folds` or `5 folds × 2`; empty where it pools none."""
        some, every = self.folds
        if not every:
            return ""
        times, rest = divmod(self.sum_of, some) if some else (0, 0)
        repeated = f", {self.sum_of} runs" if rest else f" × {times}" if times > 1 else ""
        which = f"{every} folds" if some == every else f"{some} of {every} folds"
        return f"pooled out of fold, {which}{repeated}"

    @property
    def images(self) -> int:
        return sum(map(sum, self.counts))

    def shares(self, row: int) -> list[float | None]:
        """Divide a row by its sum; undefined for a class without images."""
        total = sum(self.counts[row])
        return [count / total if total else None for count in self.counts[row]]


@dataclass(frozen=True)
class Detail:
    """Highlighted run or group."""

    run_id: int
    """Minus the id of the first member for a group."""
    title: str
    curve: Curve
    matrix: MatrixView | None
    findings: tuple[FindingView, ...]
    numbers: str = ""
    """Of a group: best, last and kappa as mean ± standard deviation, with n."""
    settings: str = ""
    """Part of the title that tells it from recipes that look like it in the table."""
    data: str = ""
    curves: Curves = field(default_factory=dict)
    """Those of all metrics by key; none for a group, and where they were not asked for."""


@dataclass(frozen=True)
class FindingView:
    """Finding about a run, or what else is said in its place; text is harmless."""

    headline: str
    """That of a finding, `no problems found`, a failed run's cause, or `waiting`."""
    severity: str = ""
    """Empty for what is no finding."""
    evidence: str = ""
    ruled_out: str = ""
    suggestion: str = ""
    since: str = ""
    """`since epoch 4`; empty where it is of the whole run."""

    @property
    def sign(self) -> str:
        return SIGNS.get(self.severity, "")
