"""Summary of several values of one quantity: mean, spread, and an interval of the mean."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from engine.analysis.student import t_quantile

UNBOUNDED = (-math.inf, math.inf)


@dataclass(frozen=True)
class Summary:
    """Summary of `n` values. Parts that are not defined are None: all without a value, all but the mean with one."""

    n: int
    mean: float | None = None
    sd: float | None = None
    """Sample standard deviation, with n − 1."""
    low: float | None = None
    """Lower end of the mean's 95 % interval; None too where all values are equal, which shows no spread."""
    high: float | None = None
    missing: int = 0
    """Values that were undefined and are left out."""

    @property
    def is_constant(self) -> bool:
        """Tell whether several values are all equal, as of runs that collapsed to the same class."""
        return self.n > 1 and self.sd == 0

    def as_json(self) -> dict[str, float | int | None]:
        return {
            "n": self.n, "mean": self.mean, "sd": self.sd, "low": self.low, "high": self.high, "missing": self.missing,
        }  # fmt: skip


class Spread(NamedTuple):
    """Mean and sample standard deviation (n − 1) of `n` values; None where undefined."""

    n: int
    mean: float | None = None
    sd: float | None = None


def spread(values: Iterable[float | None]) -> Spread:
    """Return mean and standard deviation; values that are None or not finite are left out."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    n = len(known)
    if not known:
        return Spread(0)
    if n == 1 or min(known) == max(known):
        return Spread(n, known[0], 0.0 if n > 1 else None)
    mean = math.fsum(known) / n
    return Spread(n, mean, math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (n - 1)))


def summarise(
    values: Iterable[float | None], *, overlap: float = 0.0, bounds: tuple[float, float] = UNBOUNDED
) -> Summary:
    """Summarise values; those that are None or not finite are left out and counted.

    The 95 % interval of the mean is Student's t with n − 1 degrees of freedom. Where the values come from different
    splits of the same images, their training images overlap, and the mean varies more than independent values would:
    then `overlap` is the number of test images over the number of training images, and the interval is wider by
    √(1 + n · overlap) (Nadeau and Bengio, Inference for the generalization error, Machine Learning 52, 2003). Its ends
    are kept within `bounds`."""
    given = list(values)
    n, mean, sd = spread(given)
    missing = len(given) - n
    if mean is None or not sd:
        return Summary(n, mean, sd, missing=missing)
    reach = t_quantile(n - 1) * sd * math.sqrt(1 / n + overlap)
    return Summary(n, mean, sd, max(mean - reach, bounds[0]), min(mean + reach, bounds[1]), missing)
