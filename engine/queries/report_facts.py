"""Facts of a report beyond the numbers of its runs: read from the data, and from the files of the runs."""

from collections.abc import Callable, Mapping, Sequence

from engine.analysis.comparison.share_interval import ShareInterval
from engine.analysis.pooled import PooledFolds
from engine.analysis.report.facts import Facts, WrongImages
from engine.analysis.report.ranking import best_of, has_failed, ranked
from engine.analysis.report.recipes import recipes_of
from engine.analysis.study import Study, StudyRun, by_data
from engine.files.paths import Home
from engine.queries.report_data import ReportData
from engine.queries.report_errors import wrong_images
from engine.queries.report_predictions import (
    Predicted,
    comparison_of,
    intervals_of,
    pooled_of,
    predictions_of,
)

Progress = Callable[[str], None]


def read_facts(
    home: Home,
    study: Study,
    data: ReportData,
    *,
    commands: Sequence[str],
    progress: Progress,
    with_maps: bool = True,
) -> Facts:
    """Read them, all but the networks; what cannot be read is said in the report, and never stops it."""
    groups = data.groups
    facts, comparisons = {}, {}
    wrong: dict[str, WrongImages] = {}
    pooled: dict[int, PooledFolds | str] = {}
    intervals: dict[tuple[int, int], ShareInterval] = {}
    ungrouped: dict[int, str] = {}
    for name, runs in by_data(study.measured).items():
        progress(f"data set {name}")
        facts[name] = data.facts_of(runs)
        progress(f"predictions on {name}")
        found = predictions_of(home, runs)
        known = [each for each in found.values() if isinstance(each, Predicted)]
        counted = intervals_of(home, known, groups)
        intervals |= counted.of
        ungrouped |= counted.ungrouped
        recipes = recipes_of(runs)
        pooled |= pooled_of(recipes, found, groups)
        if ranked(recipes):
            progress(f"comparison on {name}")
            comparisons[name] = comparison_of(home, recipes, groups)
        wrong |= _wrong(home, name, runs, found, progress, with_maps)
    return Facts(
        data=facts,
        wrong=wrong,
        comparisons=comparisons,
        pooled=pooled,
        commands=commands,
        intervals=intervals,
        ungrouped=ungrouped,
    )


def _wrong(
    home: Home,
    name: str,
    runs: Sequence[StudyRun],
    found: Mapping[int, Predicted | str],
    progress: Progress,
    with_maps: bool,
) -> dict[str, WrongImages]:
    """Return the errors of the best run on a data set; none where no run is measured."""
    top = best_of([run for run in runs if run.done]) or best_of(runs)
    if top is None:
        return {}
    predicted = found[top.id]
    if isinstance(predicted, str):
        epoch = top.best.epoch if top.best else 0
        return {name: WrongImages(top.id, epoch, 0, 0, (), predicted)}
    progress(f"worst errors on {name}")
    others = [
        each
        for each in found.values()
        if isinstance(each, Predicted) and each is not predicted and not has_failed(each.run)
    ]
    return {name: wrong_images(home, predicted, others, progress, with_maps=with_maps)}
