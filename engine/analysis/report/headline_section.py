"""The highest test accuracy of each data set: the question that a course asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.analysis.markdown import points
from engine.analysis.report.blocks import Block, Cell, Section, section, table, text
from engine.analysis.report.facts import Facts
from engine.analysis.report.recipes import STARTS, in_details
from engine.analysis.report.values import (
    accuracy_at,
    baseline_of,
    interval_of,
    measured,
    range_in_percent,
)
from engine.analysis.study import StudyRun
from engine.spec.plugin_name import arch_shown

HEADER = (
    "data", "run", "arch", STARTS, "highest test accuracy, % @ epoch", "95 % interval", "n images",
    "baseline, %", "above baseline, points", "last epoch, %",
)  # fmt: skip
NOTE = (
    "Highest over all epochs and finished runs, so the test images chose both: the true accuracy on new images is "
    "likely lower. The baseline is the accuracy of predicting the most frequent class for every image."
)


def headline_section(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Section:
    return section("Highest test accuracy", "highest", *_blocks(data, facts))


def _blocks(data: Mapping[str, Sequence[StudyRun]], facts: Facts) -> Iterator[Block]:
    rows: list[list[Cell]] = []
    for name, runs in data.items():
        found = highest_run([run for run in runs if run.done] or runs)
        if found is not None:
            rows.append(_row(name, found, facts))
    left = ("data", "run", "arch", STARTS)
    yield table("The highest test accuracy", HEADER, rows, left=left, note=NOTE)


def _row(name: str, run: StudyRun, facts: Facts) -> list[Cell]:
    at = run.highest
    share = at.number("test_acc") if at is not None else None
    return [
        name,
        f"#{run.id}" if run.done else text(f"#{run.id}", f" ({run.status})"),
        arch_shown(run.spec.arch),
        in_details(run),
        accuracy_at(run, at),
        range_in_percent(interval_of(run, at, facts)),
        f"{sum(run.test_images or ()):,}",
        baseline_of(run),
        points(share, run.baseline),
        measured(run, run.last, "test_acc"),
    ]


def highest_run(runs: Sequence[StudyRun]) -> StudyRun | None:
    """Return the run with the highest test accuracy of any epoch, the earlier of equals."""
    known = [(run.highest.number("test_acc") or 0.0, run) for run in runs if run.highest]
    return max(known, key=lambda pair: (pair[0], -pair[1].id))[1] if known else None
