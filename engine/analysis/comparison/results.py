"""Results of a comparison: of each side, and of each pair."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Moment: TypeAlias = Literal["best", "last"]
Scope: TypeAlias = Literal["weights", "recipe", ""]
"""What a result speaks of: these weights; the recipe, with other seeds; nothing."""


@dataclass(frozen=True)
class SideResult:
    """Accuracy of one side, with its 95 % interval."""

    name: str
    run_ids: tuple[int, ...]
    epochs: tuple[int, ...]
    runs: int
    """Runs that are counted: n."""
    accuracy: float | None
    low: float | None
    high: float | None
    sd: float | None
    """Standard deviation between runs; None for one run."""
    images: int
    groups: int
    """Groups of the test images; their number where each is its own."""
    scope: Scope
    """What the interval is of: weights counts images, recipe counts images and seeds."""
    chosen_on_test: tuple[int, ...]
    """Runs whose epoch was chosen on these test images."""
    optimism: float | None
    """By how much that raises the accuracy; None where it does not or cannot be estimated."""
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class PairResult:
    """Difference of two sides, first minus second."""

    first: str
    second: str
    scope: Scope
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    """Corrected for all comparisons that were made at once."""
    told_apart: bool | None = None
    """After the correction; None where nothing can be told."""
    reason: str = ""
    """Reason that nothing can be told; empty where something is."""
    method: str = ""
    images: int = 0
    groups: int = 0
    rule: str = ""
    """Rule that the groups come from."""
    only_first: float | None = None
    """Images that only the first predicts correctly; None where several splits are compared."""
    only_second: float | None = None
    images_needed: int | None = None
    """Test images that would tell this difference apart; None where it is told apart or no number would."""
    seeds_needed: int | None = None
    chosen_on_test: bool = False
    """Whether an epoch was chosen on these images: p is then less certain than it says."""
