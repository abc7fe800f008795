"""Order of a worker to its training process: the run to train, as a line of JSON."""

import json
from dataclasses import asdict, dataclass

from engine.hardware.cores import CoreShare
from engine.store.claims import Claim

TRAIN = "train"


@dataclass(frozen=True)
class Order:
    """Run to train."""

    held: Claim
    claimed_s: float
    """Time of the claim on the clock of `time.monotonic`, which the processes of a host share."""
    share: CoreShare
    """Share of the host's cores that the training gets."""

    def line(self) -> str:
        """Return the order as a line without its break."""
        return f"{TRAIN} {json.dumps(asdict(self))}"


class UnreadableOrder(ValueError):
    """Order of a worker of another version; one line that says what to do."""


def read_order(line: str) -> Order | None:
    """Read an order from a line; None for a line that is none. Raises UnreadableOrder."""
    word, _, content = line.strip().partition(" ")
    if word != TRAIN:
        return None
    try:
        found = json.loads(content)
        return Order(Claim(**found["held"]), float(found["claimed_s"]), CoreShare(**found["share"]))
    except (ValueError, KeyError, TypeError):
        raise UnreadableOrder("the worker is of another version of resnet-tui: restart it") from None
