"""Predictions of a report's runs: which test images each predicts correctly, and comparisons of recipes by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.comparison.comparison import Comparison, compare
from engine.analysis.comparison.share_interval import ShareInterval, share_interval
from engine.analysis.comparison.sides import Side
from engine.analysis.pooled import PooledFolds
from engine.analysis.report.ranking import ranked
from engine.analysis.report.recipes import Recipe
from engine.analysis.study import StudyRun
from engine.datasets.layouts import DataError
from engine.files.epoch_predictions import Answers, NoPredictions, read_predictions
from engine.files.paths import Home
from engine.queries.image_groups import GroupReader
from engine.queries.read_comparison import MOST_SIDES, Compared, read_side
from engine.queries.read_pooled import FoldPredictions, NotPooled, pool_each


@dataclass(frozen=True)
class Predicted:
    """Predictions of one run after its best epoch."""

    run: StudyRun
    answers: Answers
    epoch: int

    @property
    def correct(self) -> NDArray[np.bool_]:
        return self.correct_at(self.epoch)

    def correct_at(self, epoch: int) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.answers.answers[epoch] == self.answers.labels
        return found

    def has_images_of(self, other: "Predicted") -> bool:
        return self.answers.names == other.answers.names and bool(
            (self.answers.labels == other.answers.labels).all()
        )


def predictions_of(home: Home, runs: Sequence[StudyRun]) -> dict[int, Predicted | str]:
    """Read the predictions of each run's best epoch, by run; one line on why there are none."""
    found: dict[int, Predicted | str] = {}
    for run in runs:
        try:
            answers = read_predictions(home.run(run.id), run.class_names)
        except NoPredictions as missing:
            found[run.id] = str(missing).replace(f"{home.root}/", "")
            continue
        best = run.best
        problem = answers.problem(best.epoch, best.number("test_acc")) if best else "no epoch was measured"
        found[run.id] = problem or Predicted(run, answers, best.epoch if best else 0)
    return found


@dataclass(frozen=True)
class Intervals:
    """Intervals of test accuracies by run and epoch, and why those of some runs do not count groups."""

    of: Mapping[tuple[int, int], ShareInterval]
    ungrouped: Mapping[int, str]


def intervals_of(home: Home, predicted: Sequence[Predicted], groups: GroupReader) -> Intervals:
    """Return the intervals of each run's test accuracy at its best and its highest epoch, by groups where there are
    groups that can be read."""
    found: dict[tuple[int, int], ShareInterval] = {}
    ungrouped: dict[int, str] = {}
    for each in predicted:
        run, names = each.run, each.answers.names
        try:
            known = groups.groups_of(run.spec, names).each(names)
        except DataError as problem:
            known, ungrouped[run.id] = None, str(problem).replace(f"{home.root}/", "")
        for measured in filter(None, (run.best, run.highest)):
            epoch = measured.epoch
            if not each.answers.problem(epoch, measured.number("test_acc")):
                found[run.id, epoch] = share_interval(each.correct_at(epoch), known)
    return Intervals(found, ungrouped)


def comparison_of(home: Home, recipes: Sequence[Recipe], groups: GroupReader) -> Comparison:
    """Compare the recipes of one data set that have a finished run, the best first, as `resnet-tui compare` does; of
    more than MOST_SIDES, the best."""
    sides = [_side(home, recipe, groups) for recipe in ranked(recipes)[:MOST_SIDES]]
    return compare(sides)


def pooled_of(
    recipes: Sequence[Recipe], found: Mapping[int, Predicted | str], groups: GroupReader
) -> dict[int, PooledFolds | str]:
    """Pool the best epochs of each cross-validation, by its first run; one line on why there is none."""
    return {
        recipe.first.id: _pooled(recipe, found, groups) for recipe in recipes if recipe.group.setting("folds")
    }


def _pooled(recipe: Recipe, found: Mapping[int, Predicted | str], groups: GroupReader) -> PooledFolds | str:
    try:
        return pool_each(
            recipe.group, lambda run_id: _fold(run_id, found[run_id]), recipe.first.spec, groups, "best"
        )
    except NotPooled as reason:
        return str(reason)


def _fold(run_id: int, found: Predicted | str) -> FoldPredictions:
    if isinstance(found, str):
        raise NotPooled(f"#{run_id}: {found}")
    answers = found.answers
    return FoldPredictions(
        run_id, found.run.class_names, answers.names, answers.labels, answers.answers[found.epoch]
    )


def _side(home: Home, recipe: Recipe, groups: GroupReader) -> Side:
    runs = [
        Compared(
            run.id,
            run.spec,
            run.class_names,
            run.best.epoch if run.best else None,
            run.best.number("test_acc") if run.best else None,
            run.chosen_by,
            run.status,
            run.best.number("kappa") if run.best else None,
        )
        for run in recipe.finished
    ]
    side = read_side(home, groups, recipe.side, runs)
    remarks = tuple(recipe.group.remarks()) if recipe.is_repeated else ()
    return replace(side, problem=side.problem.replace(f"{home.root}/", ""), remarks=remarks)
