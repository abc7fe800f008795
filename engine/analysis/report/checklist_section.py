"""Checklist: what a reviewer holds a report against, each item answered from the data or said to be not measured."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from engine.analysis.markdown import decimal
from engine.analysis.report.abstract_section import main_data
from engine.analysis.report.blocks import Cell, Section, section, strong, table
from engine.analysis.report.data_section import partition_of
from engine.analysis.report.facts import DataFacts, Facts
from engine.analysis.report.ranking import best_of, have_one_test_set, in_words, ranked, recipes_rank_by
from engine.analysis.report.recipes import Recipe, recipes_of
from engine.analysis.report.values import ids_of, plural
from engine.analysis.study import StudyRun
from engine.metrics.catalogue import split_metrics
from engine.metrics.metric import SplitMetric
from engine.metrics.selection import is_optimistic, split_of

Answer: TypeAlias = Literal["yes", "partly", "no", "not measured"]
Row: TypeAlias = tuple[str, Answer, str]
NOTE = (
    "After CLAIM 2024, Bouthillier et al. 2021, Metrics Reloaded, Voets et al. 2019, Varoquaux and Cheplygina 2022. "
    "Answered from the runs and the data alone."
)


def checklist_section(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    name = main_data(data)
    runs = data[name]
    found = [each for each in facts.data.get(name, ()) if not each.unknown]
    rows: list[list[Cell]] = [
        [item, strong(answer), said] for item, answer, said in _rows(name, runs, found, facts)
    ]
    header = ("item", "answer", "from the data")
    caption = f"What a reviewer asks, answered for {name}"
    return section("Checklist", "checklist", table(caption, header, rows, left=header, note=NOTE))


def _rows(name: str, runs: Sequence[StudyRun], found: Sequence[DataFacts], facts: Facts) -> Iterator[Row]:
    yield _partition(facts.data.get(name, ()))
    yield _epoch_choice(runs)
    yield _settings_choice(runs)
    yield _counts(runs, found)
    yield _uncertainty(runs)
    yield _variance(runs)
    yield _superiority(name, runs, facts)
    yield _failures(name, facts)
    yield "External test set", "not measured", "No run was tested on data from another source."
    yield _calibration(runs)
    yield _metrics(runs)
    yield _class_shares(runs, found)


def _partition(found: Sequence[DataFacts]) -> Row:
    """Answer for the worst of all ways in which the runs' data are split, which stands first."""
    item = "Partition level named, and the splits disjoint"
    if all(each.unknown for each in found):
        return item, "not measured", "The data could not be read when the report was made."
    ways: dict[tuple[int, str], list[int]] = {}
    for each in found:
        said = "The data could not be read when the report was made." if each.unknown else partition_of(each)
        ways.setdefault((_disjoint(each), said), []).extend(each.run_ids)
    worst = sorted(ways)
    answers: tuple[Answer, ...] = ("no", "partly", "yes")
    told = [f"{ids_of(ways[way])}: {way[1]}" if len(ways) > 1 else way[1] for way in worst]
    return item, answers[worst[0][0]], " ".join(told)


def _disjoint(found: DataFacts) -> int:
    """Grade the splits: 0 where groups lie in several of them, 1 where no groups are known, else 2."""
    if found.shared_images:
        return 0
    return 2 if found.group_rule and not found.unknown else 1


def _epoch_choice(runs: Sequence[StudyRun]) -> Row:
    item = "How the epoch was chosen, on which split"
    wrong = [run.id for run in runs if is_optimistic(run.chosen_by, run.spec.epochs)]
    how = ", ".join(dict.fromkeys(f"by {run.chosen_by} ({split_of(run.chosen_by)} split)" for run in runs))
    if not wrong:
        return item, "yes", f"{how[0].upper()}{how[1:]}."
    return item, "no", f"On the test images in {ids_of(wrong)}, whose numbers are optimistic; {how}."


def _settings_choice(runs: Sequence[StudyRun]) -> Row:
    item = "How the settings were chosen, on which split"
    order = ranked(recipes_of(runs))
    count, metric = len(order), recipes_rank_by(order)
    if count < 2:
        return item, "yes", "One recipe: no settings were chosen by its results."
    if not have_one_test_set(order):
        said = f"{count} recipes, tested on different images: the report calls none the best."
        return item, "not measured", said
    if metric.split == "val":
        said = f"The report ranks {count} recipes by {in_words(metric)}, without the test images"
        return item, "partly", f"{said}; it does not know how the settings that all share were chosen."
    said = f"The report ranks {count} recipes by test accuracy: the best one's number is optimistic."
    return item, "no", said


def _counts(runs: Sequence[StudyRun], found: Sequence[DataFacts]) -> Row:
    item = "Number of images and groups of each class and split"
    if not found:
        tested = any(run.test_images for run in runs)
        said = "Test images only: the data could not be read when the report was made."
        return item, "partly" if tested else "not measured", said
    without = [run_id for each in found if not each.group_rule for run_id in each.run_ids]
    if without:
        of = "" if all(not each.group_rule for each in found) else f" of {ids_of(without)}"
        return item, "partly", f"Images of each class and split are given; the data{of} show no groups."
    return item, "yes", "In the section on the data."


def _uncertainty(runs: Sequence[StudyRun]) -> Row:
    item = "Uncertainty of every headline number"
    without = [run.id for run in runs if run.best and not run.test_images]
    if without:
        said = (
            f"The number of test images of {ids_of(without)} is not known, so their accuracy has no interval."
        )
        return item, "partly", said
    once = [each.first.id for each in recipes_of(runs) if each.finished and len(each.accuracies) < 2]
    said = "Each accuracy stands beside its 95 % interval and n."
    if once:
        return (
            item,
            "partly",
            f"{said} That of {ids_of(once)}, trained once, leaves out the variance between seeds.",
        )
    return item, "yes", said


def _class_shares(runs: Sequence[StudyRun], found: Sequence[DataFacts]) -> Row:
    item = "Class shares and the always-one-class result beside each accuracy"
    without = [run.id for run in runs if run.baseline is None]
    if without:
        return item, "partly", f"The baseline of {ids_of(without)} is not known."
    if not found:
        said = (
            "The baseline stands in each row of the results; class shares of the test images alone are given."
        )
        return item, "partly", said
    return (
        item,
        "yes",
        "The baseline stands in each row of the results; class shares in the section on the data.",
    )


def _variance(runs: Sequence[StudyRun]) -> Row:
    item = "Variance over what really varies: split, initialisation and order"
    recipes = recipes_of(runs)
    if all(len(recipe.accuracies) < 2 for recipe in recipes):
        return item, "not measured", "Each recipe was trained once."
    by_seeds = max(recipes, key=_seeds)
    by_splits = max(recipes, key=lambda recipe: len(recipe.group.splits))
    said = [
        f"Seeds (initialisation and order together): up to {_seeds(by_seeds)} of a recipe, {by_seeds.called}."
        if _seeds(by_seeds) > 1
        else "The seed was the same in all runs of a recipe.",
        f"Splits: up to {len(by_splits.group.splits)} of a recipe, {by_splits.called}."
        if len(by_splits.group.splits) > 1
        else "The split was the same in all runs of a recipe.",
    ]
    is_both = any(_seeds(recipe) > 1 and len(recipe.group.splits) > 1 for recipe in recipes)
    return item, "yes" if is_both else "partly", " ".join(said)


def _seeds(recipe: Recipe) -> int:
    """Count the seeds of the runs that count."""
    return len({each.seed for each in recipe.group.counted})


def _superiority(name: str, runs: Sequence[StudyRun], facts: Facts) -> Row:
    item = "Superiority claimed only with a test on paired images or on groups of runs"
    tested = [each for each in facts.pairs_of_best(name) if each.p is not None]
    if not tested:
        return (
            item,
            "not measured",
            "No two runs were compared on the same test images: their order may be chance.",
        )
    said = f"{plural(len(tested), 'comparison')} on the same test images, corrected by Holm"
    if any(is_optimistic(run.chosen_by, run.spec.epochs) for run in runs):
        return item, "partly", f"{said}; but the same images chose the epochs, so p is not exact."
    return item, "yes", f"{said}."


def _failures(name: str, facts: Facts) -> Row:
    item = "Failure analysis with images"
    wrong = facts.wrong.get(name)
    if wrong is None or wrong.unknown:
        why = f": {wrong.unknown}" if wrong else ""
        return item, "not measured", f"The predictions of the best run could not be read{why}."
    pictures = sum(each.picture is not None for each in wrong.shown)
    if wrong.shown and not pictures:
        return item, "partly", "The worst errors are listed; their images could not be read."
    return (
        item,
        "yes",
        f"The {plural(len(wrong.shown), 'most confident error')} of #{wrong.run_id} are shown.",
    )


def _calibration(runs: Sequence[StudyRun]) -> Row:
    item = "Calibration"
    top = best_of([run for run in runs if run.done]) or best_of(runs)
    value = top.best.number("ece") if top and top.best else None
    if top is None or value is None:
        return item, "not measured", "No run has a calibration error (it needs probabilities)."
    return item, "yes", f"Calibration error of #{top.id}: {decimal(value)}; of the others in the appendix."


def _beside_accuracy(ordered: bool) -> list[SplitMetric]:
    """Return the metrics of test that a reader of each epoch is shown beside accuracy, but for losses; for grades also
    those that need an order (Metrics Reloaded, Maier-Hein et al. 2024)."""
    return [
        each
        for each in split_metrics()
        if each.split == "test"
        and each.is_in("epochs")
        and not each.metric.lower_is_better
        and each.key != "test_acc"
        and (ordered or "ordered classes" not in each.metric.needs)
    ]


def _metrics(runs: Sequence[StudyRun]) -> Row:
    item = "Metrics that fit the task"
    top = best_of([run for run in runs if run.done]) or best_of(runs)
    if top is None or top.best is None:
        return item, "not measured", "No run has an epoch."
    found = _beside_accuracy(bool(top.is_ordered))
    missing = [each.label for each in found if top.best.number(each.key) is None]
    said = f"Beside the accuracy of #{top.id}: {', '.join(each.label for each in found if each.label not in missing)}"
    if len(missing) == len(found):
        return item, "no", f"#{top.id} has accuracy alone."
    if missing:
        return item, "partly", f"{said}; not measured: {', '.join(missing)}."
    return item, "yes", f"{said}."
