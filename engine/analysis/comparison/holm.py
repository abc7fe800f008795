"""Correction of p-values for many comparisons."""

from collections.abc import Sequence


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return the p-values adjusted so that the chance of any false difference among them stays below the level.

    None, a comparison that has no p, stays None and does not count. S. Holm, A simple sequentially rejective multiple
    test procedure, Scandinavian Journal of Statistics 6 (1979) 65-70."""
    found: list[float | None] = [None] * len(values)
    highest = 0.0
    for place, times in _steps(values):
        highest = max(highest, min((values[place] or 0.0) * times, 1.0))
        found[place] = highest
    return found


def holm_times(values: Sequence[float | None]) -> list[int]:
    """Return by how many each p is multiplied, at its rank: the level over it is the one that p has to be below once
    those before it are. 1 where there is no p."""
    found = [1] * len(values)
    for place, times in _steps(values):
        found[place] = times
    return found


def _steps(values: Sequence[float | None]) -> list[tuple[int, int]]:
    """Return the places of the p-values, the smallest first, each with the number that are not before it."""
    known = sorted((value, place) for place, value in enumerate(values) if value is not None)
    return [(place, len(known) - rank) for rank, (_, place) in enumerate(known)]
