"""Numbers of runs as a report shows them, each with the place that it comes from."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from engine.analysis.interval import wilson_interval
from engine.analysis.markdown import UNDEFINED, percent
from engine.analysis.report.blocks import Cell, Number, Piece, text
from engine.analysis.report.facts import Facts
from engine.analysis.study import StudyRun
from engine.metrics.metric import EpochValues

T = TypeVar("T")


def measured(
    run: StudyRun, at: EpochValues | None, key: str, form: Callable[[float | None], str] = percent
) -> Piece:
    """Return a metric of an epoch; a dash where it is undefined."""
    value = at.number(key) if at is not None else None
    if at is None or value is None or not math.isfinite(value):
        return UNDEFINED
    return Number(form(value), value, f"run {run.id} epoch {at.epoch} {key}")


def baseline_of(run: StudyRun) -> Piece:
    if run.baseline is None:
        return UNDEFINED
    return Number(percent(run.baseline), run.baseline, f"run {run.id} baseline")


def accuracy_at(run: StudyRun, at: EpochValues | None) -> Cell:
    """Return the test accuracy of an epoch, as `82.69 @ 4`."""
    shown = measured(run, at, "test_acc")
    return text(shown, f" @ {at.epoch}") if at is not None else shown


def interval_of(run: StudyRun, at: EpochValues | None, facts: Facts) -> tuple[float, float] | None:
    """Return the 95 % interval of the test accuracy of an epoch; None where the number of images is not known.

    It counts groups where the predictions of that epoch were read; else Wilson's for independent images."""
    n = sum(run.test_images or ())
    share = at.number("test_acc") if at is not None else None
    found = facts.intervals.get((run.id, at.epoch)) if at is not None else None
    if found is not None:
        return found.low, found.high
    return wilson_interval(share, n) if n and share is not None else None


def range_in_percent(ends: tuple[float, float] | None) -> str:
    return UNDEFINED if ends is None else f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"


def ids_of(run_ids: Iterable[int]) -> str:
    """Name runs, as `#1, #3–5`: three or more in a row as a range."""
    parts: list[list[int]] = []
    for run_id in sorted(set(run_ids)):
        if parts and run_id == parts[-1][-1] + 1:
            parts[-1].append(run_id)
        else:
            parts.append([run_id])
    words = []
    for part in parts:
        words += [f"#{part[0]}–{part[-1]}"] if len(part) > 2 else [f"#{each}" for each in part]
    return ", ".join(words)


def plural(count: int, noun: str, nouns: str = "") -> str:
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def evenly(items: Sequence[T], most: int) -> list[Sequence[T]]:
    """Split items into as few parts of at most `most` as there can be, whose sizes differ by one at most."""
    parts = -(-len(items) // most)
    ends = [round(len(items) * part / parts) for part in range(parts + 1)] if parts else [0]
    return [items[start:end] for start, end in zip(ends, ends[1:], strict=False)]


def parts(runs: Sequence[StudyRun], size: int) -> list[tuple[str, Sequence[StudyRun]]]:
    """Split runs into parts of at most `size`, each with the suffix of its figure's name: none, then -2, -3."""
    starts = range(0, len(runs), size)
    return [
        (f"-{part}" if part > 1 else "", runs[start : start + size])
        for part, start in enumerate(starts, start=1)
    ]
