"""Error rates: shares of equal networks and recipes that `compare` tells apart, and of intervals that hold the truth.

Equal: both sides have the same true accuracy. Off the null: they differ by so many points. Each cell has RUNS
simulated pairs of each; ± is the 95 % Monte Carlo error. Seeds are fixed: the tables are the same on every machine.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.compare_draws import Images, Recipe, predictions
from engine.analysis.comparison.paired import PairedTest, paired_test
from engine.analysis.comparison.recipes import RecipeTest, mean_interval, recipe_test
from engine.analysis.comparison.share_interval import share_interval
from engine.analysis.student import LEVEL

TITLE = "Rates of compare"
RUNS = 1000
GAP = 0.05
"""Difference of the true accuracies off the null."""


@dataclass(frozen=True)
class Rates:
    """Shares of simulated pairs."""

    false: float
    """Equal pairs that are told apart."""
    covered: float
    """Pairs off the null whose interval holds the true difference."""
    found: float
    """Pairs off the null that are told apart."""
    runs: int

    @property
    def row(self) -> str:
        return " | ".join(
            f"{100 * rate:.1f} ± {self._error(rate):.1f}" for rate in (self.false, self.covered, self.found)
        )

    def _error(self, rate: float) -> float:
        return 196 * math.sqrt(max(rate * (1 - rate), 1 / self.runs**2) / self.runs)


def measure() -> Iterator[str]:
    head = "| false, % | interval holds the truth, % | told apart off the null, % |"
    line = "| ---: | ---: | ---: |"
    yield f"{RUNS:,} pairs in a cell. Off the null the true accuracies differ by {100 * GAP:.0f} points or as said.\n"
    yield f"Single runs, each image for itself: mid-p McNemar.\n\n| images | differ in {head}\n| ---: | ---: {line}"
    for images, differing in SINGLE:
        yield f"| {images:,} | {100 * differing:g} % | {single_rates(images, differing).row} |"
    yield f"\nSingle runs, images in groups.\n\n| test images {head}\n| --- {line}"
    for cell in GROUPED:
        yield f"| {cell.words} | {paired_rates(cell).row} |"
    yield f"\nGroups of runs.\n\n| test images | runs | spread of seeds, points {head}\n| --- | --- | --- {line}"
    for cell, runs, seeds in RECIPES:
        yield f"| {cell.words} | {runs[0]} and {runs[1]} | {_points(seeds)} | {recipe_rates(cell, runs, seeds).row} |"
    yield "\nInterval of one accuracy of .8.\n"
    yield "| test images | holds the truth, % | Wilson's, images for themselves, % |"
    yield "| --- | ---: | ---: |"
    for cell in GROUPED:
        yield f"| {cell.words} | {' | '.join(f'{100 * rate:.1f}' for rate in share_rates(cell))} |"
    yield "\nInterval of a recipe's mean accuracy.\n"
    yield "| test images | runs | accuracy | spread of seeds | holds the truth, % |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for cell, count, accuracy, spread in MEANS:
        rate = 100 * mean_rate(cell, count, accuracy, spread)
        yield f"| {cell.words} | {count} | {accuracy:g} | {spread:g} | {rate:.1f} |"


SINGLE = [(images, differing) for images in (100, 400, 2000, 7000) for differing in (0.02, 0.1, 0.3)]
TWO_EYES = [Images(groups, 2 * groups, 0.0, shared) for groups in (100, 500, 3500) for shared in (0.0, 0.5)]
GROUPED = [
    *(
        Images(groups, images, 0.8, 0.3)
        for groups in (2, 3, 4, 5, 6, 8, 12, 20, 60)
        for images in (400, 2000)
    ),
    *(Images(groups, 2000, 0.8, 0.0) for groups in (3, 5, 8, 20, 60)),
    *TWO_EYES,
]
SPREADS = (0.0, 0.05, 0.15, 0.4)
RECIPES = [
    *(
        (Images(1000, 1000, 0.0, 0.0), (runs, runs), (seeds, seeds))
        for runs in (3, 5, 10)
        for seeds in SPREADS
    ),
    *(
        (Images(60, 1200, 0.8, 0.3), (runs, runs), (seeds, seeds))
        for runs in (3, 5, 10)
        for seeds in SPREADS[:3]
    ),
    *(
        (Images(500, 1000, 0.0, 0.5), (runs, runs), (seeds, seeds))
        for runs in (3, 5, 10)
        for seeds in SPREADS[:3]
    ),
    (Images(7000, 7000, 0.0, 0.0), (5, 5), (0.05, 0.05)),
    (Images(1000, 1000, 0.0, 0.0), (3, 10), (0.15, 0.15)),
    (Images(1000, 1000, 0.0, 0.0), (3, 3), (0.1, 0.2)),
    (Images(1000, 1000, 0.0, 0.0), (3, 3), (0.1, 0.4)),
]


MEANS = [
    *(
        (Images(images, images, 0.0, 0.0), 3, accuracy, seeds)
        for images in (20, 50, 200, 1000)
        for accuracy in (0.8, 0.95)
        for seeds in (0.0, 0.15)
    ),
    (Images(50, 50, 0.0, 0.0), 10, 0.95, 0.15),
    (Images(1000, 1000, 0.0, 0.0), 10, 0.95, 0.15),
    (Images(20, 400, 0.8, 0.3), 3, 0.95, 0.0),
    (Images(20, 400, 0.8, 0.3), 3, 0.95, 0.15),
]
"""Test images, runs, mean accuracy over seeds and images, and spread of seeds as `Recipe.seeds` has it."""


def mean_rate(images: Images, count: int, accuracy: float, seeds: float, runs: int = RUNS) -> float:
    """Return how often the interval of a recipe's mean accuracy holds the truth."""
    rng = np.random.default_rng(images.images + count)
    held = 0
    for _ in range(runs):
        (correct,), group = predictions(rng, images, (Recipe(accuracy, seeds),), (count,))
        found = mean_interval(correct, _names(group) if images.groups < images.images else None)
        held += found.low <= accuracy <= found.high
    return held / runs


def single_rates(images: int, differing: float, runs: int = RUNS) -> Rates:
    """Measure two networks that differ in a share of independent images; off the null three of four speak for one."""
    rng = np.random.default_rng(images + round(1e4 * differing))
    known: dict[tuple[int, int], PairedTest] = {}

    def test(more: int, less: int) -> PairedTest:
        if (more, less) not in known:
            first, second = np.ones(images, bool), np.ones(images, bool)
            second[:more] = False
            first[more : more + less] = False
            known[more, less] = paired_test(first, second)
        return known[more, less]

    equal = rng.multinomial(runs * [images], [differing / 2, differing / 2, 1 - differing])
    apart = rng.multinomial(runs * [images], [0.75 * differing, 0.25 * differing, 1 - differing])
    null, off = ([test(int(row[0]), int(row[1])) for row in drawn] for drawn in (equal, apart))
    return _rates(null, off, differing / 2)


def paired_rates(images: Images, runs: int = RUNS) -> Rates:
    """Measure pairs of single networks whose test images come in groups."""

    def test(rng: np.random.Generator, gap: float) -> PairedTest:
        pair = (Recipe(0.8 + gap / 2), Recipe(0.8 - gap / 2))
        (first, second), group = predictions(rng, images, pair, (1, 1))
        return paired_test(first[0], second[0], _names(group))

    return _simulated(images, test, runs)


def recipe_rates(
    images: Images, counts: tuple[int, int], seeds: tuple[float, float], runs: int = RUNS
) -> Rates:
    """Measure groups of runs; off the null the recipes also suit different images."""

    def test(rng: np.random.Generator, gap: float) -> RecipeTest:
        pair = [
            Recipe(0.8 + sign * gap / 2, spread, 0.3 if gap else 0.0)
            for sign, spread in zip((1, -1), seeds, strict=True)
        ]
        (first, second), group = predictions(rng, images, pair, counts)
        return recipe_test(first, second, _names(group) if images.groups < images.images else None)

    return _simulated(images, test, runs)


def share_rates(images: Images, runs: int = RUNS) -> tuple[float, float]:
    """Return how often an accuracy's interval holds the truth: by groups, and with each image for itself."""
    rng = np.random.default_rng(images.groups * images.images)
    held = [0, 0]
    for _ in range(runs):
        (correct,), group = predictions(rng, images, (Recipe(0.8),), (1,))
        for place, groups in enumerate((_names(group), None)):
            found = share_interval(correct[0], groups)
            held[place] += found.low <= 0.8 <= found.high
    return held[0] / runs, held[1] / runs


def _simulated(
    images: Images, test: Callable[[np.random.Generator, float], "PairedTest | RecipeTest"], runs: int
) -> Rates:
    rng = np.random.default_rng(images.groups * 100_003 + images.images)
    null, off = ([test(rng, gap) for _ in range(runs)] for gap in (0.0, GAP))
    return _rates(null, off, GAP)


def _rates(
    null: Sequence["PairedTest | RecipeTest"], off: Sequence["PairedTest | RecipeTest"], truth: float
) -> Rates:
    held = [each.low is None or each.high is None or each.low <= truth <= each.high for each in off]
    return Rates(
        float(np.mean([each.p is not None and each.p < LEVEL for each in null])),
        float(np.mean(held)),
        float(np.mean([each.is_told_apart for each in off])),
        len(null),
    )


def _names(group: Any) -> Any:
    """Return the groups as `paired_test` takes them; numbers, which sort faster than names."""
    return group


def _points(seeds: tuple[float, float]) -> str:
    """Return the standard deviation of accuracies near .8 that a spread of seeds comes to, in points."""
    slope = 0.28 / math.sqrt(
        1.36
    )  # density of the normal distribution at its .8 quantile, over the scores' spread
    each = dict.fromkeys(f"{100 * slope * spread:.1f}" for spread in seeds)
    return " and ".join(each)
