"""What a report says beyond the numbers of its runs: read from the data, the files of the runs and the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.analysis.arch_table import ArchTable

if TYPE_CHECKING:  # the tests need numpy, which the app loads only when runs are compared
    from engine.analysis.comparison.paired import PairedTest
    from engine.analysis.comparison.recipes import RecipeTest
    from engine.analysis.comparison.share_interval import ShareInterval

LEVEL = 0.05
"""Below this adjusted p two recipes are told apart."""


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
class Contrast:
    """Comparison of two recipes on the same test images, by the mean of their finished runs."""

    first: str
    """Runs, as `#1–3 (n 3)`."""
    second: str
    first_name: str
    second_name: str
    weights: PairedTest | None = None
    """Test of these weights, where a recipe has too few runs to speak of the recipe."""
    recipes: RecipeTest | None = None
    adjusted_p: float | None = None
    """Holm's, over all comparisons on the data set."""
    rule: str = ""
    """Rule that grouped the images; empty where each image is its own group."""
    refused: str = ""
    """Reason why they cannot be compared."""

    @property
    def test(self) -> PairedTest | RecipeTest | None:
        return self.recipes or self.weights

    @property
    def p(self) -> float | None:
        return self.test.p if self.test is not None else None

    @property
    def is_told_apart(self) -> bool:
        return self.adjusted_p is not None and self.adjusted_p < LEVEL

    @property
    def of_what(self) -> str:
        """Name what the comparison speaks of."""
        return "these recipes" if self.recipes is not None else "these weights"

    @property
    def why_not(self) -> str:
        """Reason that nothing can be told; empty where something can."""
        return self.refused or (self.weights.why_not if self.weights is not None else "")


@dataclass(frozen=True)
class Facts:
    """All of them. What is missing is said to be not measured."""

    architectures: Sequence[ArchTable] = ()
    data: Mapping[str, Sequence[DataFacts]] = field(default_factory=dict)
    """By the name of the data set in the study; several where runs read it in different ways."""
    wrong: Mapping[str, WrongImages] = field(default_factory=dict)
    """By the name of the data set."""
    contrasts: Mapping[str, Sequence[Contrast]] = field(default_factory=dict)
    """By the name of the data set: the best recipe against each of the others."""
    commands: Mapping[int, str] = field(default_factory=dict)
    """By run: the command that queues it again."""
    intervals: Mapping[int, ShareInterval] = field(default_factory=dict)
    """By run: interval of the test accuracy of its best epoch, by groups where there are groups."""
