"""Look of a worker at the card that it shares: memory of each worker's processes, and of all others."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from engine.hardware import processes
from engine.hardware.telemetry import HostCard
from engine.store.card_claims import CardLook


def look_at(
    card: HostCard, workers: Mapping[int, int], lineage: Callable[[int], Iterable[int]] = processes.lineage
) -> CardLook:
    """Tell the processes of workers (by pid of the worker) from others on a card.

    What is in use and not told of a process of ours counts as others': the driver's own, that of programs that draw,
    and in containers and under MIG all, where the driver tells no process's memory."""
    by_worker: dict[int, float] = defaultdict(float)
    told_gb = 0.0
    for process in card.processes:
        owner = next((workers[pid] for pid in lineage(process.pid) if pid in workers), None)
        if owner is None:
            told_gb += process.used_gb or 0.0
        elif process.used_gb is not None:
            by_worker[owner] += process.used_gb
    ours_gb = sum(by_worker.values())
    return CardLook(dict(by_worker), max(told_gb, (card.used_gb or 0.0) - ours_gb))
