"""Facts of a report beyond the numbers of its runs: read from the data, the files of the runs and the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.analysis.arch_table import ArchTable
from engine.analysis.pooled import PooledFolds

if TYPE_CHECKING:  # the tests need numpy, which the app loads only when runs are compared
    from engine.analysis.comparison.comparison import Comparison, PairResult, SideResult
    from engine.analysis.comparison.share_interval import ShareInterval


@dataclass(frozen=True)
class SplitFacts:
    """Images and groups of one split."""

    split: str
    images: int
    per_class: tuple[int, ...]
    groups: int | None
    """None where the data show no groups."""
    is_drawn: bool
    """Whether the program drew it, and the data did not give it."""


@dataclass(frozen=True)
class DataFacts:
    """Data of some runs, as they are on the disk now."""

    run_ids: tuple[int, ...]
    layout: str = ""
    class_names: tuple[str, ...] = ()
    splits: tuple[SplitFacts, ...] = ()
    group_rule: str = ""
    shared_images: int = 0
    """Test images that share a group with a train image."""
    shared_accuracy: float | None = None
    """Accuracy on these images of predicting the label of the group in train, without looking at an image."""
    warnings: tuple[str, ...] = ()
    fingerprint: str = ""
    unknown: str = ""
    """Reason why the data cannot be described; empty where they were read."""
    split_seed: int = 0
    """Split seed that the program drew splits by; 0 where it drew none."""
    folds: int = 0
    """Folds of the cross-validation whose fold is the test split; 0 where it is none."""
    left_out: int = 0
    """Images of the data's own test split that its cross-validation leaves out."""
    is_changed: bool = False
    """Whether the runs recorded another fingerprint than the data have now, or other numbers of test images."""

    def of(self, split: str) -> SplitFacts | None:
        return next((each for each in self.splits if each.split == split), None)


@dataclass(frozen=True)
class WrongImage:
    """Test image that a run predicted wrongly."""

    name: str
    label: str
    predicted: str
    score: float | None
    """Probability of the predicted class, or the grade under an ordinal loss."""
    wrong_in: int
    """Runs of the study that predict it wrongly, of `runs` that were tested on it."""
    runs: int
    picture: bytes | None = None
    """JPEG; None where it cannot be read."""
    why_not: str = ""
    map: bytes | None = None
    """JPEG of the class-activation map over the image."""


@dataclass(frozen=True)
class WrongImages:
    """Most confident wrong test images of one run."""

    run_id: int
    epoch: int
    wrong: int
    """Test images that it predicts wrongly, of `images`."""
    images: int
    shown: tuple[WrongImage, ...]
    unknown: str = ""
    """Reason why none are shown."""


@dataclass(frozen=True)
class Facts:
    """All of them. What is missing is said to be not measured."""

    architectures: Sequence[ArchTable] = ()
    data: Mapping[str, Sequence[DataFacts]] = field(default_factory=dict)
    """By the name of the data set in the study; several where runs read it in different ways."""
    wrong: Mapping[str, WrongImages] = field(default_factory=dict)
    """By the name of the data set."""
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    """By the name of the data set: its recipes, the best first, and all their pairs."""
    pooled: Mapping[int, PooledFolds | str] = field(default_factory=dict)
    """By the first run of a cross-validation: its repetitions, or one line on why they cannot be pooled."""
    commands: Sequence[str] = ()
    """Commands that queue the runs again."""
    intervals: Mapping[tuple[int, int], ShareInterval] = field(default_factory=dict)
    """By run and epoch: interval of its test accuracy, by groups where there are groups; of the best epoch and of that
    of the highest test accuracy."""
    ungrouped: Mapping[int, str] = field(default_factory=dict)
    """By run: why its interval does not count the groups that its spec names."""

    def side(self, data: str, name: str) -> SideResult | None:
        """Return the side of that name among the recipes of a data set."""
        found = self.comparisons.get(data)
        return next((each for each in found.sides if each.name == name), None) if found else None

    def pairs_of_best(self, data: str) -> list[PairResult]:
        """Return the comparisons of the best recipe of a data set with each of the others, in their order."""
        found = self.comparisons.get(data)
        return [pair for pair in found.pairs if pair.first == found.sides[0].name] if found else []
