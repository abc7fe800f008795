"""Slots of the host's processor with `--slots auto`: runs wait where more at once would not pay."""

import os
import time
from argparse import Namespace
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from engine.analysis.paying_slots import Recipe, measured_at_once, runs_that_pay
from engine.hardware import processes
from engine.hardware.cores import thread_count, usable_cores
from engine.queries.throughput import past_runs
from engine.queries.waiting import read_queued
from engine.store import workers
from engine.store.run_environment import RunEnvironment
from engine.store.schema import IS_RUNNING, run_table

LEARNS_EVERY_S = 10.0
"""Seconds for which what was learnt of a recipe holds."""


class CpuSlots:
    """Number of runs to train at once on this host's processor, learnt from the run table."""

    def __init__(self, processor: str, most: int, slots: Callable[[], Collection[int]]) -> None:
        """`processor`: its name, as runs record it; `most`: workers started on it; `slots`: their processes."""
        self._processor, self._most, self._slots = processor, most, slots
        self._learnt: dict[Recipe, tuple[float, int, bool]] = {}
        """By recipe: when it was learnt, how many runs pay, and whether that was measured."""

    def count(self, session: Session, run_id: int) -> int:
        """Return how many runs like this one to train at once."""
        return self._learn(session, run_id)[0]

    def refusal(self, session: Session, run_id: int) -> str | None:
        """Return why a run has to wait: as many as pay are in training, or they have all cores.

        Beside a single run, which may have begun with all cores, another begins at once: nobody waits hours for it."""
        count, is_measured = self._learn(session, run_id)
        running = self._running(session)
        if count < self._most and len(running) >= count:
            if not is_measured:
                return f"waits while {count} runs at once are measured: they may be as fast as {self._most}"
            if count == 1:
                return "waits: 1 run alone is as fast as more together"
            return f"waits: {count} runs at once are as fast together as more"
        cores = usable_cores()
        threads = thread_count(cores // count)
        taken = sum(RunEnvironment(row.environment or {}).threads or threads for row in running)
        if len(running) > 1 and taken + threads > cores:
            return f"waits for cores: {len(running)} runs train on all {cores}"
        return None

    def _learn(self, session: Session, run_id: int) -> tuple[int, bool]:
        found = read_queued(session, [run_id])
        if not found:
            return self._most, False  # it was removed meanwhile
        recipe = Recipe(found[0].kind, found[0].batch_size)
        since, count, is_measured = self._learnt.get(recipe, (-LEARNS_EVERY_S, self._most, False))
        if time.monotonic() - since >= LEARNS_EVERY_S:
            past = past_runs(session, like=found[0])
            known = measured_at_once(past, recipe, self._processor, usable_cores())
            count = runs_that_pay(known, self._most)
            is_measured = count in known
            self._learnt[recipe] = time.monotonic(), count, is_measured
        return count, is_measured

    def _running(self, session: Session) -> Sequence[Row[Any]]:
        """Read the environments of the runs in training by the slots: workers that others started, as another job on
        this host, may have cores of their own."""
        here = workers.on_cpu_here(session, self._slots())
        return session.execute(
            select(run_table.c.id, run_table.c.environment).where(IS_RUNNING, run_table.c.worker_id.in_(here))
        ).all()


def learning_slots(processor: str, options: Namespace) -> CpuSlots | None:
    """Return the slots that this worker and its siblings are; None where the user named their number."""
    slots = partial(processes.children, os.getppid())
    return CpuSlots(processor, options.of_slots, slots) if options.slots_that_pay else None
