"""Interval of an AUC, where images of one group, such as the two eyes of a patient, do not count as independent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.metrics.curves.target import Sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

Z = 1.959963984540054
"""Of a 95 % interval."""


def auc_interval(sides: Sides, groups: Sequence[str] | None = None) -> tuple[float, float] | None:
    """Return the 95 % interval of the AUC of images drawn anew, group by group; the network stays the same.

    Variance: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837; with groups its extension by Obuchowski,
    Biometrics 53 (1997) 567. The interval is symmetric in logits, so that it stays within 0 and 1 (Pepe, The
    statistical evaluation of medical tests, 2003, section 5.2). None where the AUC is undefined, is 0 or 1, or has no
    variance to estimate: fewer than two groups with images of a side."""
    import numpy as np

    if sides.undefined:
        return None
    ups, downs = sides.scores[sides.positives], sides.scores[~sides.positives]
    of_ups, of_downs = _wins(ups, downs), 1 - _wins(downs, ups)
    area = float(of_ups.mean())
    variance = _variance(sides.positives, of_ups - area, of_downs - area, groups)
    if not 0 < area < 1 or variance is None or variance <= 0:
        return None
    middle, half = np.log(area / (1 - area)), Z * np.sqrt(variance) / (area * (1 - area))
    low, high = (float(1 / (1 + np.exp(-each))) for each in (middle - half, middle + half))
    return low, high


def _wins(scores: NDArray[Any], against: NDArray[Any]) -> NDArray[Any]:
    """Return for each score the share of the others that it exceeds, ties half."""
    import numpy as np

    others = np.sort(against)
    below, not_above = (np.searchsorted(others, scores, side=side) for side in ("left", "right"))
    return (below + not_above) / (2 * len(others))


def _variance(
    positives: NDArray[Any], ups: NDArray[Any], downs: NDArray[Any], groups: Sequence[str] | None
) -> float | None:
    """Return Obuchowski's variance from each image's deviation; None where it cannot be estimated."""
    import numpy as np

    numbers = np.arange(len(positives)) if groups is None else np.unique(list(groups), return_inverse=True)[1]
    count = int(numbers.max()) + 1
    of_ups = np.bincount(numbers[positives], weights=ups, minlength=count)
    of_downs = np.bincount(numbers[~positives], weights=downs, minlength=count)
    with_ups, with_downs = len(np.unique(numbers[positives])), len(np.unique(numbers[~positives]))
    if min(with_ups, with_downs) < 2:
        return None
    m, n = len(ups), len(downs)
    first = with_ups / (with_ups - 1) * float((of_ups**2).sum()) / m**2
    second = with_downs / (with_downs - 1) * float((of_downs**2).sum()) / n**2
    both = count / (count - 1) * float((of_ups * of_downs).sum()) / (m * n)
    return first + second + 2 * both
