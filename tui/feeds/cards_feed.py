"""Feed of this host's cards, and of the workers whose training holds memory on them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from engine.hardware import processes
from engine.hardware.processes import ProcessFacts
from engine.hardware.telemetry import NvidiaState, nvidia
from tui.snapshot import WorkerView


@dataclass(frozen=True)
class CardsView:
    """Cards of this host, and the worker of each of our processes on them, by pid."""

    state: NvidiaState
    worker_of: Mapping[int, int]
    facts: Mapping[int, ProcessFacts] = field(default_factory=dict)
    """Of each process on a card, by pid."""


class CardsFeed:
    """Feed of the cards as the driver knows them. Used by one thread at a time."""

    def __init__(self, workers: Callable[[], Iterable[WorkerView]]) -> None:
        self._workers = workers

    def poll(self) -> CardsView:
        state = nvidia()
        on_cards = {each.pid for card in state.cards for each in card.processes}
        facts = {pid: processes.facts_of(pid) for pid in on_cards}
        return CardsView(state, workers_of(on_cards, self._workers()), facts)

    def close(self) -> None:
        """Nothing is open between two polls."""


def workers_of(pids: Iterable[int], workers: Iterable[WorkerView]) -> dict[int, int]:
    """Return the worker of each process that is a worker of this host or descends from one; others are left out.

    Training runs in a child of the worker's process."""
    host = processes.host_name()
    local = {worker.pid: worker.id for worker in workers if worker.host == host}
    found: dict[int, int] = {}
    for pid in pids if local else ():
        worker_pid = next((each for each in processes.lineage(pid) if each in local), None)
        if worker_pid is not None:
            found[pid] = local[worker_pid]
    return found
