"""Predictions of a report's runs: which test images each predicts correctly, and comparisons of recipes by them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.comparison.holm import holm
from engine.analysis.comparison.paired import paired_test
from engine.analysis.comparison.recipes import LEAST_SEEDS, recipe_test
from engine.analysis.comparison.share_interval import ShareInterval, share_interval
from engine.analysis.report.facts import Contrast
from engine.analysis.report.recipes import Recipe, ranked
from engine.analysis.study import StudyRun
from engine.files.epoch_predictions import Answers, NoPredictions, read_predictions
from engine.files.paths import Home
from engine.queries.report_data import ReportData


@dataclass(frozen=True)
class Predicted:
    """Predictions of one run after its best epoch."""

    run: StudyRun
    answers: Answers
    epoch: int

    @property
    def correct(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.answers.answers[self.epoch] == self.answers.labels
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
        except NoPredictions as problem:
            found[run.id] = str(problem).replace(f"{home.root}/", "")
            continue
        epoch = run.best.epoch if run.best else -1
        if answers.is_known(epoch):
            found[run.id] = Predicted(run, answers, epoch)
        else:
            found[run.id] = "the predictions of its best epoch were not kept"
    return found


def intervals_of(predicted: Sequence[Predicted], data: ReportData) -> dict[int, ShareInterval]:
    """Return the interval of each run's test accuracy at its best epoch, by groups where there are groups."""
    found = {}
    for each in predicted:
        groups, _ = data.groups_of(each.run, each.answers.names)
        found[each.run.id] = share_interval(each.correct, groups)
    return found


def contrasts_of(
    recipes: Sequence[Recipe], found: dict[int, Predicted | str], data: ReportData
) -> tuple[Contrast, ...]:
    """Compare the best recipe of one data set with each of the others, by their means; p-values are Holm's."""
    order = ranked(recipes)
    raw = [_contrast(order[0], other, found, data) for other in order[1:]]
    adjusted = holm([each.p for each in raw])
    return tuple(replace(each, adjusted_p=p) for each, p in zip(raw, adjusted, strict=True))


def _contrast(first: Recipe, second: Recipe, found: dict[int, Predicted | str], data: ReportData) -> Contrast:
    base = Contrast(first.called, second.called, first.name, second.name)
    one, other = (list(_known(recipe, found)) for recipe in (first, second))
    if not one or not other:
        lacking = first if not one else second
        why = next(each for run in lacking.finished if isinstance(each := found[run.id], str))
        return replace(base, refused=f"{lacking.called}: {why}")
    if not all(one[0].has_images_of(each) for each in (*one, *other)):
        return replace(base, refused="they have different test images")
    groups, rule = data.groups_of(one[0].run, one[0].answers.names)
    best, others = (np.stack([each.correct for each in some]) for some in (one, other))
    if min(len(best), len(others)) >= LEAST_SEEDS:
        return replace(base, recipes=recipe_test(best, others, groups), rule=rule)
    return replace(base, weights=paired_test(best, others, groups), rule=rule)


def _known(recipe: Recipe, found: dict[int, Predicted | str]) -> Iterator[Predicted]:
    for run in recipe.finished:
        each = found[run.id]
        if isinstance(each, Predicted):
            yield each
