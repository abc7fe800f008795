"""Who else is on the card: a run waits while somebody's process holds much of it."""

from collections.abc import Callable, Collection

from engine.hardware import telemetry
from engine.hardware.telemetry import HostCard, NvidiaState


class CardWatch:
    """Looks at one card for a worker that has nothing on it."""

    def __init__(
        self,
        device: str,
        uuid: str | None,
        most_gb: float,
        look: Callable[[], NvidiaState] = telemetry.nvidia,
    ) -> None:
        """`most_gb`: what others may hold, GiB."""
        self._device, self._uuid, self._most_gb, self._look = device, uuid, most_gb, look

    def reason(self, ours: Collection[int] = ()) -> str | None:
        """Why a run has to wait, None where it need not; `ours`: processes of this worker."""
        if not self._device.startswith("cuda"):
            return None
        cards = self._look().cards
        if self._uuid is None:  # a torch before 2.5 does not tell: its number is then the driver's
            card = next(iter(cards[int(self._device.partition(":")[2] or 0) :]), None)
        else:
            card = next((each for each in cards if each.uuid == self._uuid), None)
        return in_use(self._device, card, ours, self._most_gb) if card is not None else None


def in_use(device: str, card: HostCard, ours: Collection[int], most_gb: float) -> str | None:
    """What others hold of a card, where it is more than `most_gb` GiB.

    Where the driver does not tell who holds what (in containers, under MIG) all that is in use counts, unless one of
    `ours` is there."""
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
