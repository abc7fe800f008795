"""Comparison of runs, groups of runs or sweeps: one structured result with its sentences, for every front end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Literal, TypeAlias

import numpy as np

from engine.analysis.comparison.holm import holm, holm_times
from engine.analysis.comparison.learnt import has_learnt_nothing
from engine.analysis.comparison.optimism import optimism
from engine.analysis.comparison.paired import LEAST_GROUPS, paired_test
from engine.analysis.comparison.power import images_needed, recipe_images_needed, seeds_needed
from engine.analysis.comparison.recipes import LEAST_SEEDS, mean_interval, recipe_test
from engine.analysis.comparison.share_interval import share_interval
from engine.analysis.comparison.sides import (
    About,
    Layout,
    Measured,
    Side,
    by_test_set,
    measured,
    whole_repetitions,
)
from engine.analysis.comparison.splits import LEAST_SPLITS, split_test
from engine.analysis.student import LEVEL
from engine.analysis.summary import Summary, summarise

Moment: TypeAlias = Literal["best", "last"]
Plan: TypeAlias = Callable[[float], dict[str, Any]]
"""From the level that p has to be below to the images and seeds that would tell a pair apart at it."""
Scope: TypeAlias = Literal["weights", "recipe", ""]
"""Subject of a result: these weights; the recipe, with other seeds; nothing."""


@dataclass(frozen=True)
class SideResult:
    """Accuracy of one side, with its 95 % interval."""

    name: str
    run_ids: tuple[int, ...]
    epochs: tuple[int, ...]
    runs: int
    """Repetitions that are counted: runs, whole cross-validations, or random splits."""
    n: int
    """Values that `sd` is of, as of the summary of a group: runs, or folds or splits, of each the mean of its runs."""
    accuracy: float | None
    low: float | None
    high: float | None
    sd: float | None
    """Standard deviation of the n values; None for one."""
    images: int
    groups: int
    """Groups of the test images; their number where each is its own."""
    scope: Scope
    """Subject of the interval: weights counts images, recipe counts images and seeds."""
    chosen_on_test: tuple[int, ...]
    """Runs whose epoch was chosen on these test images."""
    optimism: float | None
    """By how much that raises the accuracy; None where it does not or cannot be estimated."""
    remarks: tuple[str, ...]
    about: About
    layout: Layout | None = None
    """Relation of its test sets to each other; None where its predictions were not read."""


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
    nothing_learnt: bool = False
    """Whether all runs of both sides predict one class or are hardly better than chance."""


@dataclass(frozen=True)
class Comparison:
    """Sides and all their pairs."""

    on: Moment
    sides: tuple[SideResult, ...]
    pairs: tuple[PairResult, ...]
    not_measured: dict[str, str] = field(default_factory=dict)
    """Status of each run of a sweep that is no side, for it has measured no epoch yet, by its number."""


def compare(sides: Sequence[Side], on: Moment = "best") -> Comparison:
    """Compare all pairs of sides by their accuracy on the same test images, corrected after Holm."""
    sides = [side if side.problem else whole_repetitions(side) for side in sides]
    found = [measured(side) if not side.problem else None for side in sides]
    results = [side_result(side, each) for side, each in zip(sides, found, strict=True)]
    pairs = [_pair(one, other) for one, other in combinations(zip(sides, found, strict=True), 2)]
    idle = {side.name for side in sides if has_learnt_nothing(side)}
    marked = [
        (
            replace(pair, nothing_learnt={pair.first, pair.second} <= idle and pair.difference is not None),
            plan,
        )
        for pair, plan in pairs
    ]
    return Comparison(on, tuple(results), tuple(_corrected(marked)))


def _corrected(pairs: Sequence[tuple[PairResult, Plan]]) -> list[PairResult]:
    """Correct the pairs after Holm; those that are not told apart are planned at the level that this asks of them."""
    values = [pair.p for pair, _ in pairs]
    told = []
    for (pair, plan), p, times in zip(pairs, holm(values), holm_times(values), strict=True):
        is_told = None if p is None else p < LEVEL
        more = plan(LEVEL / times) if is_told is False and not pair.nothing_learnt else {}
        told.append(replace(pair, p_holm=p, told_apart=is_told, **more))
    return told


def side_result(side: Side, found: Measured | None) -> SideResult:
    """Return one side's accuracy with its interval."""
    ids = tuple(run.run_id for run in side.runs)
    epochs = tuple(run.epoch for run in side.runs)
    remarks = (*filter(None, [side.problem]), *side.remarks)
    empty = SideResult(
        side.name, ids, epochs, len(ids), len(ids), None, None, None, None, 0, 0, "", side.chosen_on_test, None,
        remarks, side.about,
    )  # fmt: skip
    if found is None or not side.runs:
        return empty
    raised = _optimism(side) if side.chosen_on_test else None
    summary = _summary(side, found)
    sd = summary.sd
    if found.layout == "splits":
        scope: Scope = "" if summary.low is None else "recipe"
        return replace(
            empty, runs=summary.n, n=summary.n, accuracy=summary.mean, low=summary.low, high=summary.high, sd=sd,
            scope=scope, optimism=raised, layout=found.layout,
        )  # fmt: skip
    groups = found.groups(side.groups)
    shared = share_interval(found.correct.mean(axis=0), groups)
    result = replace(
        empty, runs=len(found.correct), n=summary.n, accuracy=shared.share, low=shared.low, high=shared.high, sd=sd,
        images=shared.images, groups=shared.groups, scope="weights", optimism=raised, layout=found.layout,
    )  # fmt: skip
    if len(found.correct) < LEAST_SEEDS:
        return result
    of_seeds = mean_interval(found.correct, groups)
    return replace(result, low=of_seeds.low, high=of_seeds.high, scope="recipe")


def _summary(side: Side, found: Measured) -> Summary:
    """Summarise the accuracies as `Group.summary` does: of runs; or of splits or folds, each the mean of its runs."""
    if found.layout == "same images":
        return summarise(float(run.correct.mean()) for run in side.runs)
    sets = by_test_set(side.runs).values()
    means = [float(np.mean([run.correct.mean() for run in runs])) for runs in sets]
    return summarise(means, overlap=max(run.test_over_train for run in side.runs), bounds=(0.0, 1.0))


def _optimism(side: Side) -> float | None:
    """Return the mean optimism of the runs whose epoch was chosen on test images."""
    each = [
        optimism(run.labels, run.by_epoch, run.select_on, _groups_of(side, run.names))
        for run in side.runs
        if run.chosen_on_test
    ]
    known = [value for value in each if value is not None]
    return float(np.mean(known)) if known else None


def _groups_of(side: Side, names: Sequence[str]) -> list[str] | None:
    return [side.groups.get(name, f"image {name}") for name in names] if side.groups else None


def _no_plan(level: float) -> dict[str, Any]:
    return {}


def _pair(one: tuple[Side, Measured | None], other: tuple[Side, Measured | None]) -> tuple[PairResult, Plan]:
    (first, left), (second, right) = one, other
    nothing = _not_paired(first, left, second, right)
    if left is None or right is None or nothing.reason:
        return nothing, _no_plan
    if left.layout == right.layout == "splits":
        return _by_splits(nothing, first, second), _no_plan
    with_groups = first if first.groups else second
    groups = left.groups(with_groups.groups)
    result = replace(nothing, rule=with_groups.rule if groups else "")
    if min(len(left.correct), len(right.correct)) < LEAST_SEEDS:
        return _of_weights(result, left, right, groups)
    return _of_recipes(result, left, right, groups)


def _not_paired(first: Side, left: Measured | None, second: Side, right: Measured | None) -> PairResult:
    """Return a pair without a result, with the reason that it cannot be compared; empty where it can."""
    chosen = bool(first.chosen_on_test or second.chosen_on_test)
    nothing = PairResult(first.name, second.name, "", chosen_on_test=chosen)
    problem = first.problem or second.problem
    if problem or left is None or right is None:
        return replace(nothing, reason=problem)
    shared = {run.run_id for run in first.runs} & {run.run_id for run in second.runs}
    if shared:
        return replace(nothing, reason=f"both have {', '.join(f'#{run}' for run in sorted(shared))}")
    columns = {side.group_column for side in (first, second)} - {""}
    if len(columns) > 1:
        return replace(nothing, reason=f"they have different group columns: {' and '.join(sorted(columns))}")
    if left.layout == right.layout == "splits":
        return nothing
    if not left.test_set.is_same(right.test_set):
        return replace(nothing, reason=_different(first, second))
    return nothing


def _of_weights(
    result: PairResult, left: Measured, right: Measured, groups: list[str] | None
) -> tuple[PairResult, Plan]:
    test = paired_test(left.correct, right.correct, groups)

    def plan(level: float) -> dict[str, Any]:
        return {"images_needed": images_needed(test.difference, test.variance, test.images, level)}

    found = replace(
        result, scope="weights", difference=test.difference, low=test.low, high=test.high, p=test.p,
        reason=test.why_not, method=test.method, images=test.images, groups=test.groups,
        only_first=test.only_first, only_second=test.only_second,
    )  # fmt: skip
    return found, plan


def _of_recipes(
    result: PairResult, left: Measured, right: Measured, groups: list[str] | None
) -> tuple[PairResult, Plan]:
    weights, plan_of_weights = _of_weights(result, left, right, groups)
    if weights.groups < LEAST_GROUPS:
        return weights, plan_of_weights
    test = recipe_test(left.correct, right.correct, groups)
    runs = min(test.first_runs, test.second_runs)

    def plan(level: float) -> dict[str, Any]:
        return {
            "images_needed": recipe_images_needed(test.difference, test.parts, runs, test.images, level),
            "seeds_needed": seeds_needed(test.difference, test.parts, runs, level),
        }

    found = replace(
        weights, scope="recipe", low=test.low, high=test.high, p=test.p,
        method="t test over images and seeds",
    )  # fmt: skip
    return found, plan


def _by_splits(result: PairResult, first: Side, second: Side) -> PairResult:
    test = split_test(first, second)
    if test is None:
        few = f"fewer than {LEAST_SPLITS} of their splits are the same"
        return replace(result, reason=f"{few}: give both the same split seeds")
    return replace(
        result, scope="recipe", difference=test.difference, low=test.low, high=test.high, p=test.p,
        method=f"corrected resampled t test over {test.splits} splits",
    )  # fmt: skip


def _different(first: Side, second: Side) -> str:
    """Say how the test sets differ."""
    sets = [{name for names in by_test_set(side.runs) for name in names} for side in (first, second)]
    shared = len(sets[0] & sets[1])
    if sets[0] == sets[1]:
        return (
            "they have the same test images with different labels or splits: their accuracies are not paired"
        )
    counts = f"{len(sets[0]):,} and {len(sets[1]):,} images, {shared:,} of them the same"
    return f"they have different test sets ({counts}): their accuracies are not paired"
