"""Appendix of all metrics of the best epochs: tables with a column for each run, and tables by class."""

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from engine.analysis.interval import wilson_interval
from engine.analysis.markdown import UNDEFINED, decimal, percent
from engine.analysis.report.blocks import Cell, Section, Table, section, table, text, words_of
from engine.analysis.report.facts import Facts
from engine.analysis.report.values import evenly, ids_of, interval_of, measured, range_in_percent
from engine.analysis.study import StudyRun
from engine.metrics.catalogue import numbers, split_metrics
from engine.metrics.metric import EpochValues, SplitMetric
from engine.metrics.ranking import REFERABLE_GRADE

RUNS_A_TABLE = 4
MOST_CLASSES = 12
"""Classes up to which the table by class fits the width of a page."""
NOTE = "In parentheses the 95 % interval and the images behind it"
INDEPENDENT = f"{NOTE}, which are taken as independent."
ACCURACIES = ("images", "seen_group", "unseen_group")
"""Images whose share of correct predictions is the accuracy where they are all test images."""
BY_GROUPS = (
    f"{NOTE}. Where groups are named, the interval of the accuracy counts them, as in the results; the other shares "
    "take images as independent, so their intervals are too narrow there."
)


def metrics_appendix(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    parts = [
        section(f"Metrics on {name}", f"metrics-{number}", *metric_tables(runs, facts), *_by_class(runs))
        for number, (name, runs) in enumerate(data.items(), start=1)
    ]
    return section("Appendix: all metrics", "metrics", *parts)


def metric_tables(runs: Sequence[StudyRun], facts: Facts) -> Iterator[Table]:
    """Yield tables with a row for each metric that any of the runs has, and at most so many runs as fit a page."""
    shown = [each for each in numbers() if each.is_in("report")]
    for some in evenly(runs, RUNS_A_TABLE):
        rows = [row for row in (_row(each, some, facts) for each in shown) if row]
        if rows:
            head = ["metric", *(f"#{run.id}" for run in some)]
            caption = f"All metrics of {ids_of(run.id for run in some)} at the best epoch"
            grouped = any(_groups(run, run.best, facts) for run in some)
            yield table(caption, head, rows, note=BY_GROUPS if grouped else INDEPENDENT)


def _row(shown: SplitMetric, runs: Sequence[StudyRun], facts: Facts) -> list[Cell]:
    """Write a metric's row; empty where no run has the metric."""
    cells = [_cell(shown, run, facts) for run in runs]
    unit = ", %" if shown.metric.is_share else ""
    at = " @ last epoch" if shown.split == "eval_train" else ""
    return [f"{shown.label}{unit}{at}", *cells] if any(words_of(cell) != UNDEFINED for cell in cells) else []


def _cell(shown: SplitMetric, run: StudyRun, facts: Facts) -> Cell:
    """Write the value at the best epoch, or at the last one for the train images, which are evaluated once at the
    end."""
    is_last = shown.split == "eval_train"
    at = (run.epochs[-1] if run.epochs else None) if is_last else run.best
    value = at.number(shown.key) if at is not None else None
    if at is None or value is None:
        return UNDEFINED
    number = measured(run, at, shown.key, percent if shown.metric.is_share else decimal)
    said: Cell = number
    if shown.metric.is_share and (images := _images(shown, run, at)):
        of_all = shown.metric.share_of in ACCURACIES and images == sum(run.test_images or ())
        ends = interval_of(run, at, facts) if of_all else wilson_interval(value, images)
        groups = _groups(run, at, facts) if of_all else ""
        said = text(number, f" ({range_in_percent(ends)}; n {images:,}{groups})")
    return text(said, f" @ {at.epoch}") if is_last else said


def _groups(run: StudyRun, at: EpochValues | None, facts: Facts) -> str:
    """Name the number of groups that the interval of the accuracy counts; empty where it counts images."""
    found = facts.intervals.get((run.id, at.epoch)) if at is not None else None
    return f" of {found.groups:,} groups" if found is not None and found.by_groups else ""


def _images(shown: SplitMetric, run: StudyRun, measured: EpochValues) -> int:
    """Return the number of test images that a share is of; 0 where it is unknown."""
    if shown.split != "test":
        return 0
    counts = run.test_images or ()
    match shown.metric.share_of:
        case "":
            return 0
        case "images":
            return sum(counts)
        case "referable":
            return sum(counts[REFERABLE_GRADE:])
        case "not_referable":
            return sum(counts[:REFERABLE_GRADE])
        case "seen_group" | "unseen_group" as groups:
            return int(measured.number(f"images_{groups}") or 0)
    assert_never(shown.metric.share_of)


def _by_class(runs: Sequence[StudyRun]) -> Iterator[Table]:
    known = [run for run in runs if run.best is not None and run.best.per_class("precision")]
    groups: dict[tuple[str, ...], list[StudyRun]] = {}
    for run in known:
        groups.setdefault(run.classes, []).append(run)
    for classes, some in groups.items():
        if len(classes) <= MOST_CLASSES:
            shown = _shown_by_class(some)
            rows = [[f"#{run.id}", *_in_each_class(shown, run.best)] for run in some if run.best is not None]
            note = f"{_listed(shown)} of each class at the best epoch"
            yield table(note[0].upper() + note[1:], ["run", *classes], rows)


def _shown_by_class(runs: Sequence[StudyRun]) -> list[SplitMetric]:
    """Return the metrics by class that any of these runs has, without the counts, which the confusion matrix shows."""
    return [
        each
        for each in split_metrics()
        if each.metric.is_per_class
        and each.metric.places
        and any(run.best is not None and run.best.per_class(each.key) for run in runs)
    ]


def _listed(shown: Sequence[SplitMetric]) -> str:
    return " / ".join(each.metric.short for each in shown)


def _in_each_class(shown: Sequence[SplitMetric], best: EpochValues) -> list[str]:
    """Write a cell for each class; a metric that this run does not have is undefined in all."""
    classes = len(best.per_class("precision"))
    columns = [best.per_class(each.key) or (None,) * classes for each in shown]
    return [
        " / ".join(UNDEFINED if value is None else f"{value:.2f}" for value in values)
        for values in zip(*columns, strict=True)
    ]
