"""Slots of the host's processor with `--slots auto`: runs wait where more at once would not pay."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from engine.analysis.paying_slots import Recipe, measured_at_once, runs_that_pay
from engine.hardware.cores import thread_count, usable_cores
from engine.queries.throughput import past_runs
from engine.queries.waiting import read_queued
from engine.store.run_environment import RunEnvironment
from engine.store.schema import IS_RUNNING, run_table
from engine.worker.core_shares import cpu_workers_here

LEARNS_EVERY_S = 10.0


class CpuSlots:
    """Number of runs to train at once on this host's processor, learnt from the run table."""

    def __init__(self, processor: str, most: int) -> None:
        """`processor`: its name, as runs record it; `most`: workers that were started on it."""
        self._processor, self._most = processor, most
        self._learnt: dict[Recipe, tuple[float, int, bool]] = {}
        """By recipe: when it was learnt, how many runs pay, and whether that was measured."""

    def count(self, session: Session, run_id: int) -> int:
        """Return how many runs like this one to train at once."""
        return self._learn(session, run_id)[0]

    def refusal(self, session: Session, run_id: int) -> str | None:
        """Return why a run has to wait: as many as pay are in training, or they have all cores.

        Beside a single run, which may have begun with all cores, another begins at once: nobody waits hours for it."""
        count, is_measured = self._learn(session, run_id)
        running = _running_here(session)
        if count < self._most and len(running) >= count:
            runs = "one run alone trains" if count == 1 else f"{count} runs at once train"
            return (
                f"waits: {runs} as many images/s as more at once"
                if is_measured
                else f"waits: measures whether {count} runs at once train as many images/s as {self._most}"
            )
        cores = usable_cores()
        threads = thread_count(cores // count)
        taken = sum(RunEnvironment(row.environment or {}).threads or threads for row in running)
        if len(running) > 1 and taken + threads > cores:
            return f"waits for cores: {len(running)} runs train on all {cores}"
        return None

    def _learn(self, session: Session, run_id: int) -> tuple[int, bool]:
        [run] = read_queued(session, [run_id])
        recipe = Recipe(run.kind, run.batch_size)
        since, count, is_measured = self._learnt.get(recipe, (-LEARNS_EVERY_S, self._most, False))
        if time.monotonic() - since >= LEARNS_EVERY_S:
            known = measured_at_once(past_runs(session), recipe, self._processor, usable_cores())
            count = runs_that_pay(known, self._most)
            is_measured = count in known
            self._learnt[recipe] = time.monotonic(), count, is_measured
        return count, is_measured


def _running_here(session: Session) -> Sequence[Row[Any]]:
    """Read the environments of the runs that train on this host's processor."""
    here = cpu_workers_here(session)
    return session.execute(
        select(run_table.c.id, run_table.c.environment).where(IS_RUNNING, run_table.c.worker_id.in_(here))
    ).all()
