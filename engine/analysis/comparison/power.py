"""Plans: the images or seeds that would tell an observed difference apart, if it is the true one."""

import math

from engine.analysis.comparison.recipes import Parts
from engine.analysis.student import LEVEL, t_quantile

POWER = 0.8
"""Chance to tell the difference apart that is asked for."""
MOST_SEEDS = 1000
MOST_TIMES = 10_000
"""No more seeds, and images no more times as many as there are, are named: that is no plan."""


def images_needed(difference: float, variance: float, images: int, level: float = LEVEL) -> int | None:
    """Return how many images like these would tell a difference apart; None where none was seen.

    `variance` is that of the difference on `images` images; it falls as the images grow. `level` is the one that p has
    to be below: with several comparisons the one that Holm's correction asks of this. More images than there are, for
    these did not tell it apart."""
    if not difference or not variance:
        return None
    return _more_images(images, _reach(math.inf, level) ** 2 * variance / difference**2)


def seeds_needed(difference: float, parts: Parts, runs: int, level: float = LEVEL) -> int | None:
    """Return how many runs of each recipe would tell a difference apart on the same images.

    None where none was seen, and where the images alone leave it uncertain, by the test of all parts or by that of the
    images at twice the level. `runs` is the number of runs that `parts` is of, the smaller one of the two."""
    images, seeds = max(parts.images - parts.chance, 0.0), max(parts.seeds - parts.chance, 0.0)
    of_images = _reach(parts.degrees, 2 * level)
    for count in range(runs + 1, MOST_SEEDS + 1):
        chance = parts.chance * runs / count
        variance = images + seeds * runs / count + chance
        enough = _reach(2 * count - 2, level) ** 2 * variance <= difference**2
        if enough and of_images**2 * (images + chance) <= difference**2:
            return count
    return None


def recipe_images_needed(
    difference: float, parts: Parts, runs: int, images: int, level: float = LEVEL
) -> int | None:
    """Return how many images would tell two recipes apart with the same runs; None where seeds leave it uncertain."""
    if not difference:
        return None
    of_images, seeds = max(parts.images - parts.chance, 0.0), max(parts.seeds - parts.chance, 0.0)
    room = difference**2 / _reach(2 * runs - 2, level) ** 2 - seeds
    by_all = (of_images + parts.chance) / room if room > 0 else math.inf
    by_images = _reach(parts.degrees, 2 * level) ** 2 * parts.images / difference**2
    return _more_images(images, max(by_all, by_images))


def _more_images(images: int, times: float) -> int | None:
    return max(math.ceil(images * times), images + 1) if times <= MOST_TIMES else None


def _reach(degrees: float, level: float) -> float:
    """Return the standard errors that a difference needs to be told apart at a level with the chance POWER."""
    return t_quantile(degrees, level / 2) + t_quantile(degrees, 1 - POWER)
