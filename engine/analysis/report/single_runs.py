"""Table of the single runs on one data set."""

from __future__ import annotations

from collections.abc import Sequence

from engine.analysis.markdown import UNDEFINED, decimal, headline_shown, percent, points, progress
from engine.analysis.report.blocks import Cell, Table, code, table
from engine.analysis.report.facts import Facts
from engine.analysis.report.ranking import best_of, has_failed, in_words, ranks_by, unit_of
from engine.analysis.report.recipes import STARTS, in_details
from engine.analysis.report.values import accuracy_at, baseline_of, interval_of, measured, range_in_percent
from engine.analysis.study import StudyRun
from engine.analysis.test_sets import all_same
from engine.metrics.metric import SplitMetric
from engine.spec.plugin_name import arch_shown

BY_TEST = "highest test accuracy, % @ epoch (epoch chosen on the test set)"
BY_SEVERAL = "test accuracy at the best epoch, % @ epoch"
HEADER = (
    "run", "arch", STARTS, "epochs", BY_TEST, "chosen by", "95 % interval", "last epoch, %", "baseline, %",
    "above baseline, points", "balanced accuracy, %", "kappa", "finding",
)  # fmt: skip
WORDS = ("run", "arch", STARTS, "epochs", "chosen by", "finding")


def single_runs(data: str, runs: Sequence[StudyRun], facts: Facts) -> Table:
    """Return the table of single runs. Where one metric chose every run's epoch the heading names it, else each row."""
    heading = _accuracy_heading(runs)
    header = [heading if name == BY_TEST else name for name in HEADER]
    shown = [column for column, name in enumerate(header) if name != "chosen by" or heading == BY_SEVERAL]
    rows = [[_row(run, facts)[column] for column in shown] for run in runs]
    finished = [run for run in runs if run.done]
    head = [header[column] for column in shown]
    metric = ranks_by(finished)
    if metric.split == "val":
        _insert_val(head, rows, runs, metric)
    same = all_same(run.test_set for run in finished)
    top = best_of(finished) if same is not False else None
    marked = [] if top is None or has_failed(top) else [place for place, run in enumerate(runs) if run is top]
    note = f"The row of the finished run that is best by {in_words(metric)} stands out."
    note += "" if same else " Whether all were tested on the same images is not known."
    note = note if len(runs) > 1 and marked else ""
    return table(
        f"Results on {data}", head, rows, left=WORDS, note=note, marked=marked if note else (),
        leave_out=UNDEFINED,
    )  # fmt: skip


def _accuracy_heading(runs: Sequence[StudyRun]) -> str:
    chosen = {run.chosen_by for run in runs}
    if len(chosen) > 1:
        return BY_SEVERAL
    [only] = chosen
    return BY_TEST if only == "test_acc" else f"test accuracy, % @ epoch (epoch chosen by {only})"


def _insert_val(
    head: list[str], rows: Sequence[list[Cell]], runs: Sequence[StudyRun], metric: SplitMetric
) -> None:
    """Insert the val metric that ranks before the test accuracy."""
    place, form = head.index("epochs") + 1, percent if metric.metric.is_share else decimal
    head.insert(place, f"{in_words(metric)}{unit_of(metric)}")
    for row, run in zip(rows, runs, strict=True):
        row.insert(place, measured(run, run.best, metric.key, form))


def _row(run: StudyRun, facts: Facts) -> list[Cell]:
    best, last = run.best, run.last
    return [
        f"#{run.id}",
        arch_shown(run.spec.arch),
        in_details(run),
        progress(run),
        accuracy_at(run, best),
        code(run.chosen_by),
        range_in_percent(interval_of(run, best, facts)),
        measured(run, last, "test_acc"),
        baseline_of(run),
        points(best.number("test_acc") if best else None, run.baseline),
        measured(run, best, "balanced_acc"),
        measured(run, best, "kappa", decimal),
        headline_shown(run) + ("" if run.done or run.status == "failed" else " so far"),
    ]
