"""Reasons why queued runs wait, each worked out when it is asked for: there may be a hundred thousand. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from engine.store.obstacles import Obstacle, held_up
from engine.store.run_numbers import WHICH
from engine.store.status import Status


@dataclass(frozen=True)
class QueueReasons:
    """Queue, with what holds up its runs."""

    order: Sequence[int] = ()
    """Queued runs, in the order in which they will be claimed."""
    obstacle: str = ""
    """Said of all that wait for no other: `queue paused`, `no worker`, `waits for Slurm (2 jobs: Resources)`;
    empty where runs are claimed."""
    lacks: Mapping[int, str] = field(default_factory=dict)
    """Runs that no worker may take, and what is missing."""
    unmet: Mapping[int, Mapping[int, Status]] = field(default_factory=dict)
    """Unfinished runs that each waits for, with their status."""
    owners: Mapping[int, str] = field(default_factory=dict)
    """User of each run; empty where all are one user's."""
    refused: Mapping[int, str] = field(default_factory=dict)
    """Need of the first run of each shared card, in words."""

    def of(self, run_id: int) -> str | None:
        """Return one phrase: `queue paused`, `waits for #3`, `waits for #3, which failed`, `no worker`,
        `no worker for cuda`, `no worker with 2 cards`, `no worker with memory=40`, `2 ahead`, `next`, or what of a
        shared card it waits for: `waits for 12.4 GiB of cuda:0: 9.1 free beside #4 and #7`; None for a run that is not
        queued."""
        if run_id in self.unmet:
            return (
                _waits_for(self.unmet[run_id], self._hopeless.get(run_id))
                if self._is_queued(run_id)
                else None
            )
        if run_id in self._places:
            ahead = self._places[run_id]
            place = f"{ahead} ahead" if ahead else "next"
            return (self.refused.get(run_id) or place) + self._in_turn(run_id, ahead)
        if not self._is_queued(run_id):
            return None
        return self.obstacle or _no_worker(self.lacks[run_id])

    def _is_queued(self, run_id: int) -> bool:
        return run_id in self._queued

    def _in_turn(self, run_id: int, ahead: int) -> str:
        mine = self.owners.get(run_id, "")
        others = sorted(
            owner for owner, first in self._first_of.items() if first < ahead and owner not in ("", mine)
        )
        return f", in turn with {', '.join(others)}" if others else ""

    @cached_property
    def _queued(self) -> frozenset[int]:
        return frozenset(self.order)

    @cached_property
    def _places(self) -> dict[int, int]:
        """Number of runs that will be claimed before each that can be claimed."""
        if self.obstacle:
            return {}
        if not self.unmet and not self.lacks:
            return {run_id: place for place, run_id in enumerate(self.order)}
        able = (run_id for run_id in self.order if run_id not in self.unmet and run_id not in self.lacks)
        return {run_id: place for place, run_id in enumerate(able)}

    @cached_property
    def _first_of(self) -> dict[str, int]:
        """Place of each user's first run."""
        if not self.owners:
            return {}
        found: dict[str, int] = {}
        for run_id, place in self._places.items():
            found.setdefault(self.owners.get(run_id, ""), place)
        return found

    @cached_property
    def _hopeless(self) -> dict[int, Obstacle]:
        return held_up({run_id: dict(targets) for run_id, targets in self.unmet.items()})


def _no_worker(missing: str) -> str:
    return f"no worker {'for' if missing == 'cuda' else 'with'} {missing}"


def _waits_for(targets: Collection[int], obstacle: Obstacle | None) -> str:
    if obstacle is None:
        return f"waits for {', '.join(f'#{target}' for target in sorted(targets))}"
    return f"waits for #{obstacle.run_id}, {WHICH[obstacle.status]}"
