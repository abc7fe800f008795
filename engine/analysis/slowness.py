"""Runs in training that are far slower than runs like them."""

import statistics
from collections.abc import Iterable
from typing import NamedTuple

from engine.analysis.paces import Kind, PastRun

SLOW = 3.0
"""Times that a run is slower than runs like it when it is said."""
SETTLED_STEPS = 10
"""Steps of an epoch before its throughput tells anything."""


class Progress(NamedTuple):
    """Throughput of a run in training, in its present epoch so far."""

    kind: Kind
    device: str
    threads: int | None
    batch_size: int
    images_per_s: float | None
    steps: int
    """Steps of the present epoch."""
    at_once: int = 1
    """Runs on its card, itself included."""


def slow_text(run: Progress, past: Iterable[PastRun]) -> str:
    """Say that a run trains at less than a third of what runs of its kind and batch size did with as many threads on
    such a device; empty where it does not, or where nothing is known. Runs that share a card are taken to divide what
    it computes."""
    alike = [
        each.training * min(each.at_once / run.at_once, 1.0)
        for each in past
        if each.training
        and (each.kind, each.device, each.threads, each.batch_size)
        == (run.kind, run.device, run.threads, run.batch_size)
    ]
    if not alike or not run.images_per_s or run.steps < SETTLED_STEPS:
        return ""
    usual = statistics.median(alike)
    if run.images_per_s * SLOW >= usual:
        return ""
    return f"slow: {run.images_per_s:,.0f} images/s, usually {usual:,.0f}; is the machine busy?"
