"""Metrics of the best epochs on one data set: a table with a column for each run, and one by class."""

from collections.abc import Sequence
from typing import assert_never

from engine.analysis.gallery import Gallery
from engine.analysis.interval import wilson_interval
from engine.analysis.markdown import UNDEFINED, decimal, markdown, percent, table
from engine.analysis.study import StudyRun
from engine.metrics.catalogue import numbers, split_metrics
from engine.metrics.metric import EpochValues, SplitMetric
from engine.metrics.ranking import REFERABLE_GRADE

RUNS_A_TABLE = 6
MOST_CLASSES = 12
"""Classes up to which the table by class fits the width of a page."""
NOTE = "at the best epoch; in parentheses the 95 % interval and the images behind it."
IN_RESULTS = ("balanced_acc", "kappa")
"""Metrics that the results table shows already."""


def metrics_section(runs: Sequence[StudyRun], gallery: Gallery) -> list[str]:
    """Write the section's paragraphs; none where no run has more metrics than the results table shows."""
    texts: list[str] = []
    shown = [each for each in numbers() if each.is_in("report") and each.key not in IN_RESULTS]
    for start in range(0, len(runs), RUNS_A_TABLE):
        some = runs[start : start + RUNS_A_TABLE]
        rows = [row for row in (_row(each, some) for each in shown) if row]
        if rows:
            head = ["metric", *(f"#{run.id}" for run in some)]
            text = table(head, rows, right=frozenset(range(1, len(head))))
            texts += gallery.table(f"All metrics of {_names(some)} {NOTE}", text)
    return texts + _by_class(runs, gallery)


def _row(shown: SplitMetric, runs: Sequence[StudyRun]) -> list[str]:
    """Write a metric's row; empty where no run has the metric."""
    cells = [_cell(shown, run) for run in runs]
    unit = ", %" if shown.metric.is_share else ""
    at = " @ last epoch" if shown.split == "eval_train" else ""
    return [f"{shown.label}{unit}{at}", *cells] if any(text != UNDEFINED for text in cells) else []


def _cell(shown: SplitMetric, run: StudyRun) -> str:
    """Write the value at the best epoch, or at the last one for the train images, which are evaluated once at the
    end."""
    is_last = shown.split == "eval_train"
    measured = (run.epochs[-1] if run.epochs else None) if is_last else run.best
    value = measured.number(shown.key) if measured is not None else None
    if measured is None or value is None:
        return UNDEFINED
    if not shown.metric.is_share:
        text = decimal(value)
    elif images := _images(shown, run, measured):
        low, high = wilson_interval(value, images)
        text = f"{percent(value)} ({100 * low:.1f} to {100 * high:.1f}; n {images:,})"
    else:
        text = percent(value)
    return f"{text} @ {measured.epoch}" if is_last else text


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


def _names(runs: Sequence[StudyRun]) -> str:
    return ", ".join(f"#{run.id}" for run in runs)


def _by_class(runs: Sequence[StudyRun], gallery: Gallery) -> list[str]:
    known = [run for run in runs if run.best is not None and run.best.per_class("precision")]
    groups: dict[tuple[str, ...], list[StudyRun]] = {}
    for run in known:
        groups.setdefault(run.classes, []).append(run)
    texts: list[str] = []
    for classes, some in groups.items():
        if len(classes) <= MOST_CLASSES:
            shown = _shown_by_class(some)
            head = ["run", *map(markdown, classes)]
            rows = [[f"#{run.id}", *_in_each_class(shown, run.best)] for run in some if run.best is not None]
            text = table(head, rows, right=frozenset(range(1, len(head))))
            note = f"{_listed(shown)} of each class at the best epoch."
            texts += gallery.table(note[0].upper() + note[1:], text)
    return texts


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
