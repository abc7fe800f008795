"""GPU contention: a run waits while processes of others hold much of the card's memory."""

from collections.abc import Callable, Collection

from engine.hardware import telemetry
from engine.hardware.telemetry import HostCard, NvidiaState


class CardWatch:
    """Watch of one card's memory, for a worker that does not use the card at the moment."""

    def __init__(
        self,
        device: str,
        uuid: str | None,
        most_gb: float,
        look: Callable[[], NvidiaState] = telemetry.nvidia,
    ) -> None:
        """Take the memory that others may hold, `most_gb`, in GiB."""
        self._device, self._uuid, self._most_gb, self._look = device, uuid, most_gb, look

    def reason(self, ours: Collection[int] = ()) -> str | None:
        """Return the reason why a run has to wait, else None; `ours` are the processes of this worker."""
        if not self._device.startswith("cuda"):
            return None
        card = telemetry.find_card(self._device, self._uuid, self._look().cards)
        return in_use(self._device, card, ours, self._most_gb) if card is not None else None


def in_use(device: str, card: HostCard, ours: Collection[int], most_gb: float) -> str | None:
    """Return a message where others hold more than `most_gb` GiB of a card, else None.

    Where the driver does not report the memory of each process (in containers, under MIG), all memory in use counts,
    unless one of the processes is in `ours`."""
    others = [process for process in card.processes if process.pid not in ours]
    told = [(process.used_gb, process.pid) for process in others if process.used_gb is not None]
    if told and len(told) == len(others):
        held_gb = sum(used for used, _ in told)
        most = max(told)
        who = (
            f"process {most[1]} holds {most[0]:.1f}"
            if len(told) == 1
            else f"{len(told)} processes hold {held_gb:.1f}"
        )
    elif len(others) == len(card.processes) and card.used_gb is not None:
        held_gb, who = card.used_gb, f"others hold {card.used_gb:.1f}"
    else:
        return None
    return f"waits: {who} GiB of {device}" if held_gb > most_gb else None
