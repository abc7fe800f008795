"""Number of trainings at once that make the most images together."""

import statistics
from collections import defaultdict
from collections.abc import Iterable

from engine.analysis.forecast import Kind, PastRun

LEAST_GAIN = 1.05
"""Fewer at once have to make this many times as much to be chosen."""


def best_count(kind: Kind, device: str, most: int, past: Iterable[PastRun]) -> int:
    """Return how many runs of a kind to train at once on a processor, at most `most`.

    Earlier runs tell what one made beside so many others; a number that was never tried is taken to pay."""
    made: dict[int, list[float]] = defaultdict(list)
    for each in past:
        if (each.kind, each.device) == (kind, device) and each.at_once and each.training:
            made[each.at_once].append(each.training)
    together = {count: count * statistics.median(each) for count, each in made.items() if count <= most}
    if most not in together:
        return most
    best = max(together, key=lambda count: (together[count], count))
    return best if together[best] >= LEAST_GAIN * together[most] else most
