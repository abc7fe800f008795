"""Frozen views of the home screen: widgets draw them and nothing else. `snapshot_rows.py` makes them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from engine.analysis.finding import GRAVE, SIGNS
from engine.store.status import Request, Status

if TYPE_CHECKING:
    from engine.queries.queue_reasons import QueueReasons
    from engine.store.chosen import Chosen

GLYPHS = {"running": "●", "queued": "○", "paused": "‖", "done": "✔", "failed": "✖", "cancelled": "–"}
Curves = Mapping[str, tuple[tuple[float, float], ...]]
"""Curves by key, each of pairs of epoch and value."""
NO_VALUES: Mapping[str, float | str] = {}


class Fold(NamedTuple):
    """Values of a whole group in its row of the run table; None where nothing is defined."""

    members: tuple[int, ...]
    """Ids, in ascending order."""
    done: int
    """Members that are done, those that repeat another too."""
    failed: int
    best_sd: float | None
    """Sample standard deviation of the best accuracy, of two values or more."""
    kappa_sd: float | None
    seeds: str
    """`0–4`, `0…9` where some between are missing; empty where they are equal."""
    flagged: int
    """Members that have the group's finding."""
    n: int = 0
    """Values that the best accuracy is the mean of: done runs, none twice, or their splits where those differ."""
    last: float | None = None
    last_sd: float | None = None
    baseline: float | None = None
    repeats: tuple[int, ...] = ()
    """Done members that repeat another: counted nowhere."""
    counted: tuple[int, ...] = ()
    """Members that its numbers count."""
    left_out: tuple[str, ...] = ()
    """Runs that are not counted, and the reason."""
    folds: int = 0
    """Folds of its cross-validation; 0 where it is none."""
    fold_of: tuple[int, ...] = ()
    """Fold of each member; zeros where it is no cross-validation."""


class Section(NamedTuple):
    """Runs that share a value of a column or setting."""

    label: str
    """`arch resnet18`."""
    best: int
    """Its best run, whose detail is shown; the first where none has a result."""
    counts: tuple[tuple[str, int], ...]
    """Runs of each status that there is."""


class RunRow(NamedTuple):
    """Line of the run table; text is harmless, undefined values are None. A tuple: ten thousand are made at once."""

    id: int
    status: Status
    asked: Request | None
    """Request that a running run has not followed yet: cancel or pause."""
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
    headline: str
    """Of the gravest finding; empty before the first epoch."""
    severity: str
    """Of the gravest finding; empty where there is none."""
    remark: str
    """Reason why it waits or failed, or its activity before its first step; empty otherwise."""
    ends: int | None
    """Its most likely end: seconds since 1970, to the minute."""
    rank: tuple[int, int, int, int]
    """Its place in the queue's order: running, waiting (paused ones keep their places), ended."""
    cause: str = ""
    """Cause of its failure, in a word."""
    chosen: Mapping[str, float | str] = NO_VALUES
    """Values of the columns that the user chose, by key: metrics of the best epoch, and settings."""
    settings: str = ""
    """Settings without a column of their own that tell it from other recipes with its data, arch and first weights,
    such as `augment none`; empty where there is none, and until they have been read."""
    group: str = ""
    """Key that it shares with the repetitions of its recipe."""
    part: tuple[int, int] = (0, 0)
    """Fold of a cross-validation that the run tests on, and the number of its folds; zeros where it is none."""
    user: str = ""
    """User who added it; empty for runs of earlier versions."""
    slow: str = ""
    """Said of a running run that is far slower than runs like it; else empty."""
    fold: Fold | None = None
    """Set in the row of a group or section, whose `id` is minus that of its first member."""
    section: Section | None = None
    """Set in the row of a section: its runs have different recipes."""

    @property
    def warned(self) -> bool:
        return self.severity in GRAVE

    @property
    def group_key(self) -> str:
        return self.group


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


@dataclass(frozen=True)
class AddressView:
    """Address that alerts go to, without its secrets."""

    shown: str
    of: str
    """Sweep, or user on a run table of several; empty for all runs."""
    kinds: tuple[str, ...]
    was_sent: bool
    """A message to it has arrived."""
    problem: str
    """Reason why the latest message has not arrived; empty where it has."""


@dataclass(frozen=True)
class WorkerView:
    id: int
    device: str
    name: str
    load: str
    run_id: int | None
    images_per_s: float | None
    waits: str = ""
    """Reason why it claims nothing though runs are queued; empty where it would."""
    leaves: str = ""
    """`stopping` or `draining` where somebody asked it to leave."""
    host: str = ""
    host_id: str = ""
    user: str = ""
    """Its owner; empty where the run table is a file."""
    pid: int = 0
    pid_started: str = ""
    seen_s: float = 0.0
    """Its latest sign of life, by the database's clock."""
    gauges: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)
    """Utilisation in %, memory in use and in all in GiB, temperature in °C."""


@dataclass(frozen=True)
class Snapshot:
    """Content of the home screen."""

    rows: Mapping[int, RunRow]
    """By id. A row that has not changed is the same object as in the snapshot before."""
    groups: Mapping[int, RunRow]
    """Rows of groups of at least two runs, or of sections, by minus the id of the first member; the same objects where
    unchanged."""
    group_by: str
    """Basis of the groups: repetitions, a column or a setting; empty where they were not asked for."""
    counts: Mapping[str, int]
    unread: int
    """Runs of a large table that have not been read yet: they are in `counts`, not in `rows`."""
    left_s: float | None
    """Seconds until all runs have ended, where the speed of each is known."""
    detail: Detail | None
    workers: tuple[WorkerView, ...]
    reference: Reference | None = None
    """None where no other run is pinned."""
    is_paused: bool = False
    """Whether no run is to start."""
    busy_since: datetime | None = None
    """Start of the running run that started first, of those that have not been interrupted."""
    latest_end: datetime | None = None
    """Latest end of a run: what is seen here is no news later."""
    reasons: QueueReasons | None = None
    """Reasons why queued runs wait; rows of the queue's head have it themselves."""
    read_to: tuple[Hashable, Chosen, int] | None = field(default=None, compare=False)
    """File of the run table, the columns that were read of each run, and the newest change that is seen here."""

    def with_reason(self, row: RunRow) -> RunRow:
        """Return a row with the reason why its run waits: only the head of the queue has it at once."""
        if self.reasons is None or row.status != "queued" or row.remark:
            return row
        return row._replace(remark=self.reasons.of(row.id) or "")

    @property
    def warned_running(self) -> tuple[int, ...]:
        """Running runs that look bad."""
        return tuple(row.id for row in self.rows.values() if row.status == "running" and row.warned)
