"""Order of recipes and runs: by the val metric that chose their epochs where all share one, else by test accuracy."""

from collections.abc import Collection, Iterable

from engine.analysis.report.recipes import Recipe
from engine.analysis.study import StudyRun
from engine.analysis.test_sets import TestSet, of_all
from engine.metrics.catalogue import find_metric
from engine.metrics.metric import SplitMetric
from engine.metrics.selection import selected, split_of

TEST_ACCURACY = find_metric("test_acc")


def ranks_by(runs: Collection[StudyRun]) -> SplitMetric:
    """Return the metric that ranks runs. Where it is test accuracy, the images that choose the best also measure it.

    A val metric ranks where it chose the epochs of all runs, on val splits that were made in the same way."""
    found = {(run.spec.select_on, run.spec.val_fraction, run.spec.folds) for run in runs if run.best}
    only = next(iter(found))[0] if len(found) == 1 else ""
    if not only or split_of(only) != "val":
        return TEST_ACCURACY
    metric = selected(only)
    is_known = any(run.best.number(metric.key) is not None for run in runs if run.best)
    return metric if is_known else TEST_ACCURACY


def in_words(metric: SplitMetric) -> str:
    """Return the metric with its split: `test accuracy`, `val quadratic weighted kappa`."""
    return metric.label if metric.split in metric.label else f"{metric.split} {metric.label}"


def unit_of(metric: SplitMetric) -> str:
    """Return what a heading adds to a metric's name: `, %` for a share."""
    return ", %" if metric.metric.is_share else ""


def recipes_rank_by(recipes: Iterable[Recipe]) -> SplitMetric:
    return ranks_by([run for recipe in recipes for run in recipe.finished])


def ranked(recipes: Collection[Recipe]) -> list[Recipe]:
    """Order the recipes that have a finished run by the mean of what ranks them, the best first; last those in which it
    is undefined, by test accuracy."""
    metric = recipes_rank_by(recipes)
    known = [recipe for recipe in recipes if recipe.accuracy is not None]
    return sorted(
        known, key=lambda each: _place(metric, each.group.spread(metric.key).mean, each.accuracy, each.first)
    )


def best_of(runs: Collection[StudyRun]) -> StudyRun | None:
    """Return the best run by what ranks them, the earlier of equals; None where none was measured."""
    metric = ranks_by(runs)
    places = [
        (_place(metric, run.best.number(metric.key), accuracy, run), run)
        for run in runs
        if run.best and (accuracy := run.best.number("test_acc")) is not None
    ]
    return min(places, key=lambda pair: pair[0])[1] if places else None


def _place(
    metric: SplitMetric, value: float | None, accuracy: float | None, first: StudyRun
) -> tuple[object, ...]:
    sign = 1 if metric.metric.lower_is_better else -1
    return value is None, sign * (value or 0.0), -(accuracy or 0.0), first.id


def has_failed(run: StudyRun) -> bool:
    """Return whether a finding about a run is an error: it collapsed, diverged or knows its test images."""
    return any(each.severity == "error" for each in run.findings or ())


def have_one_test_set(recipes: Iterable[Recipe]) -> bool:
    """Return whether no two recipes with a finished run are known to have other test images, nor splits that were drawn
    in another way."""
    return one_test_set(recipes) is not False


def one_test_set(recipes: Iterable[Recipe]) -> bool | None:
    """Return whether the accuracies of all recipes with a finished run are of the same test images, or of splits that
    were drawn in the same way; None where that is not known of some and none differ."""
    return of_all(
        ((len(each.group.splits) > 1, each.finished[0].test_set) for each in recipes if each.finished),
        _are_tested_alike,
    )


def _are_tested_alike(one: tuple[bool, TestSet], other: tuple[bool, TestSet]) -> bool | None:
    """Compare two recipes by whether each has several splits, and its first test set."""
    (several, first), (also_several, second) = one, other
    if several != also_several:
        return False
    return first.is_drawn_alike(second) if several else first.is_same(second)
