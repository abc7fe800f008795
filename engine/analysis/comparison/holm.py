"""Correction of p-values for many comparisons."""

from collections.abc import Sequence


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return the p-values adjusted so that the chance of any false difference among them stays below the level.

    None, a comparison that has no p, stays None and does not count. S. Holm, A simple sequentially rejective multiple
    test procedure, Scandinavian Journal of Statistics 6 (1979) 65-70."""
    known = sorted((value, place) for place, value in enumerate(values) if value is not None)
    found: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (value, place) in enumerate(known):
        highest = max(highest, min(value * (len(known) - rank), 1.0))
        found[place] = highest
    return found
