"""How many more images or seeds would tell an observed difference apart, if it is the true one."""

import math

from engine.analysis.comparison.paired import t_quantile
from engine.analysis.comparison.recipes import Parts

POWER = 0.8
"""Chance to tell the difference apart that is asked for."""
MOST_SEEDS = 1000
MOST_TIMES = 10_000
"""No more seeds, and images no more times as many as there are, are named: that is no plan."""


def images_needed(difference: float, variance: float, images: int) -> int | None:
    """Return how many images like these would tell a difference apart; None where none was seen.

    `variance` is that of the difference on `images` images; it falls as the images grow."""
    if not difference or not variance:
        return None
    times = (t_quantile(math.inf) + t_quantile(math.inf, 1 - POWER)) ** 2 * variance / difference**2
    return math.ceil(images * times) if times <= MOST_TIMES else None


def seeds_needed(difference: float, parts: Parts, runs: int) -> int | None:
    """Return how many runs of each recipe would tell a difference apart on the same images.

    None where none was seen, and where the images alone leave it uncertain. `runs` is the number of runs that `parts`
    is of, the smaller one of the two."""
    images, seeds = max(parts.images - parts.chance, 0.0), max(parts.seeds - parts.chance, 0.0)
    for count in range(runs, MOST_SEEDS + 1):
        variance = images + (seeds + parts.chance) * runs / count
        if _is_enough(difference, variance, 2 * count - 2):
            return count
    return None


def recipe_images_needed(difference: float, parts: Parts, runs: int, images: int) -> int | None:
    """Return how many images would tell two recipes apart with the same runs; None where seeds leave it uncertain."""
    of_images, seeds = max(parts.images - parts.chance, 0.0), max(parts.seeds - parts.chance, 0.0)
    needed = _reach(2 * runs - 2) ** 2
    room = difference**2 / needed - seeds
    times = (of_images + parts.chance) / room if room > 0 else math.inf
    return math.ceil(images * times) if times <= MOST_TIMES else None


def _is_enough(difference: float, variance: float, degrees: float) -> bool:
    return _reach(degrees) ** 2 * variance <= difference**2


def _reach(degrees: float) -> float:
    return t_quantile(degrees) + t_quantile(degrees, 1 - POWER)
