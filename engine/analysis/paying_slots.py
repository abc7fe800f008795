"""Runs to train at once on a processor: as many as pay, by what earlier runs of the kind have measured. Pure."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.analysis.paces import Kind, PastRun
from engine.hardware.cores import thread_count

GAIN = 1.05
"""Times the images/s of half as many runs that all of them together have to make."""


class Recipe(NamedTuple):
    """Settings that the throughput of a run on one processor depends on."""

    kind: Kind
    batch_size: int


def measured_at_once(past: Iterable[PastRun], recipe: Recipe, processor: str, cores: int) -> dict[int, float]:
    """Return the median images/s of one run of the recipe, by how many runs shared the cores evenly all the time.

    Runs whose threads are not their even share, because a user named a number or another program kept cores busy, tell
    nothing."""
    found: dict[int, list[float]] = defaultdict(list)
    for run in past:
        count = run.shared_by
        if (
            (run.kind, run.batch_size, run.device) == (*recipe, processor)
            and count
            and run.training
            and run.threads == thread_count(cores // count)
        ):
            found[count].append(run.training)
    return {count: statistics.median(each) for count, each in found.items()}


def runs_that_pay(images_per_s: Mapping[int, float], most: int) -> int:
    """Return how many runs to train at once; `images_per_s`: of one run, by how many were trained at once.

    From `most` downwards half as many are enough where they make as many images/s together but for GAIN. What was
    never measured is tried, but for one run alone: that is slow where the rest of the cores idle, and learnt from the
    runs that nothing else waits beside."""
    chosen = most
    while chosen > 1 and chosen in images_per_s:
        fewer = chosen // 2
        if fewer not in images_per_s:
            return fewer if fewer > 1 else chosen
        if chosen * images_per_s[chosen] >= GAIN * fewer * images_per_s[fewer]:
            return chosen
        chosen = fewer
    return chosen
