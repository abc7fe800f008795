"""Interval of an AUC, where images of one group, such as the two eyes of a patient, do not count as independent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.metrics.curves.target import Sides
from engine.metrics.quantile import Z_95

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALVINGS = 50


def auc_interval(sides: Sides, groups: Sequence[str] | None = None) -> tuple[float, float] | None:
    """Return the 95 % interval of the AUC of images drawn anew, group by group; the network stays the same.

    It holds two intervals. That of DeLong, DeLong and Clarke-Pearson (Biometrics 44 (1988) 837; with groups that of
    Obuchowski, Biometrics 53 (1997) 567), symmetric in logits, with Student's t for the groups of the smaller side. And
    Newcombe's score interval (Statistics in Medicine 25 (2006) 559, method 5), which is good with few images of a side
    and where none is out of order, but takes both sides' scores as equally spread. None where the AUC is undefined."""
    if sides.undefined:
        return None
    ups, downs = sides.scores[sides.positives], sides.scores[~sides.positives]
    of_ups, of_downs = _wins(ups, downs), 1 - _wins(downs, ups)
    area = float(of_ups.mean())
    apart = _numbers(len(sides.scores), None)
    grouped = _numbers(len(sides.scores), groups)
    deviations = of_ups - area, of_downs - area
    plain, variance = (_variance(sides.positives, *deviations, each) for each in (apart, grouped))
    fewest = _fewest_groups(sides.positives, grouped)
    low, high = _newcombe(area, len(ups), len(downs), _design_effect(plain, variance))
    if variance and 0 < area < 1:
        also = _in_logits(area, variance, fewest - 1)
        low, high = min(low, also[0]), max(high, also[1])
    return low, high


def _wins(scores: NDArray[Any], against: NDArray[Any]) -> NDArray[Any]:
    """Return for each score the share of the others that it exceeds, ties half."""
    import numpy as np

    others = np.sort(against)
    below, not_above = (np.searchsorted(others, scores, side=side) for side in ("left", "right"))
    return (below + not_above) / (2 * len(others))


def _numbers(count: int, groups: Sequence[str] | None) -> NDArray[Any]:
    """Number the groups of images; each image is its own without groups."""
    import numpy as np

    return np.arange(count) if groups is None else np.unique(list(groups), return_inverse=True)[1]


def _fewest_groups(positives: NDArray[Any], numbers: NDArray[Any]) -> int:
    """Return the groups of the side that has fewer."""
    import numpy as np

    return min(len(np.unique(numbers[side])) for side in (positives, ~positives))


def _variance(
    positives: NDArray[Any], ups: NDArray[Any], downs: NDArray[Any], numbers: NDArray[Any]
) -> float | None:
    """Return Obuchowski's variance from each image's deviation; None with fewer than two groups on a side."""
    import numpy as np

    with_ups, with_downs = (len(np.unique(numbers[side])) for side in (positives, ~positives))
    if min(with_ups, with_downs) < 2:
        return None
    count, m, n = int(numbers.max()) + 1, len(ups), len(downs)
    of_ups = np.bincount(numbers[positives], weights=ups, minlength=count)
    of_downs = np.bincount(numbers[~positives], weights=downs, minlength=count)
    first = with_ups / (with_ups - 1) * float((of_ups**2).sum()) / m**2
    second = with_downs / (with_downs - 1) * float((of_downs**2).sum()) / n**2
    both = count / (count - 1) * float((of_ups * of_downs).sum()) / (m * n)
    return max(first + second + 2 * both, 0.0)


def _design_effect(plain: float | None, grouped: float | None) -> float:
    """Return how many images of groups say as much as one image alone: 1 at least, and where it cannot be estimated."""
    return max(grouped / plain, 1.0) if plain and grouped else 1.0


def _in_logits(area: float, variance: float, freedom: int) -> tuple[float, float]:
    from scipy.stats import t

    middle = math.log(area / (1 - area))
    half = float(t.ppf(0.975, freedom)) * math.sqrt(variance) / (area * (1 - area))
    low, high = (_expit(middle + sign * half) for sign in (-1, 1))
    return low, high


def _expit(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0


def _newcombe(area: float, positives: int, negatives: int, design_effect: float) -> tuple[float, float]:
    """Return all areas from which the one found is not further than Z_95 standard errors, those of that area."""
    m, n = positives / design_effect, negatives / design_effect
    others = max((m + n) / 2 - 1, 0.0)

    def lowest(found: float) -> float:
        low, high = 0.0, found
        for _ in range(HALVINGS):
            at = (low + high) / 2
            spread = at * (1 - at) / (m * n) * (1 + others * ((1 - at) / (2 - at) + at / (1 + at)))
            low, high = (at, high) if found - at > Z_95 * math.sqrt(spread) else (low, at)
        return low

    return lowest(area), 1 - lowest(1 - area)
