"""Lines of the run table: of a run, of a group and of a section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from engine.analysis.finding import GRAVE
from engine.store.status import Request, Status

GLYPHS = {"running": "●", "queued": "○", "paused": "‖", "done": "✔", "failed": "✖", "cancelled": "–"}
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
