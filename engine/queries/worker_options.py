"""Options of a worker that `workers start` takes too, and hands on."""

from dataclasses import dataclass

from engine.hardware.device_names import DeviceError, devices_of
from engine.store.errors import QueueError
from engine.store.needs import check_word

AUTO = "auto"
MOST_OF_A_CARD = 4
"""Slots of a card where nobody names a number: a guess, nothing was measured on a card."""
MOST_SLOTS = 256
DEVICE_HELP = (
    "auto, cpu, cuda:N, cuda:0,cuda:1: a worker of several cards, for runs with --gpus, or all: a worker for each card "
    "(default: auto)"
)
SLOTS_HELP = (
    "runs to train at once on the CPU or on each card, a number, or auto: as many as fit, on a card at most "
    f"{MOST_OF_A_CARD} (default: 1)"
)
TAG_HELP = "tag of the worker, which runs may need (add --needs tag=WORD); may be given again"


@dataclass(frozen=True)
class WorkerOptions:
    """Checked options; raises ValueError, one line with the flag, for what no worker takes."""

    device: str = AUTO
    slots: str = "1"
    tags: tuple[str, ...] = ()
    drain: bool = False
    """It exits when the queue is empty."""

    def __post_init__(self) -> None:
        try:
            cards = devices_of(self.device)
        except DeviceError as error:
            raise ValueError(f"--device: {error}") from None
        if not (self.slots == AUTO or _is_slots(self.slots)):
            raise ValueError(f"--slots: {self.slots!r} must be {AUTO} or a number, 1 to {MOST_SLOTS}")
        if self.shares and len(cards) > 1:
            raise ValueError("--slots shares a card, which a worker of several does not: give one card")
        for tag in self.tags:
            try:
                check_word("tag", tag)
            except QueueError as error:
                raise ValueError(f"--tag: {error}") from None

    @property
    def shares(self) -> bool:
        """True where several workers are started on a device."""
        return self.slots != "1"

    @property
    def may_be_several(self) -> bool:
        """True where several workers may be started."""
        return self.shares or self.device == "all"

    def arguments(self) -> list[str]:
        """Return them as `python -m engine.worker` takes them."""
        line = ["--device", self.device, "--slots", self.slots]
        line += [part for tag in self.tags for part in ("--tag", tag)]
        return [*line, "--drain"] if self.drain else line


def _is_slots(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_SLOTS
