"""Memory of a card that several runs share: which run may begin to train on it. Pure; all memory is in GiB."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

CONTEXT_GB = 0.5
"""About what CUDA itself and its libraries' kernels take of a card for each process."""
MARGIN = 1.1
"""Times that a run is reckoned to take what runs of its kind took: torch's allocator keeps a little more or less."""
TELLING_GB = 1.0
"""Memory of other programs that a reason mentions: a driver and a desktop take less."""


@dataclass(frozen=True)
class SharedCard:
    """Card as its runs find it."""

    device: str
    memory_gb: float
    others_gb: float
    """Memory in use by processes that train none of the runs on it."""
    most_others_gb: float = math.inf
    """Memory in use by others beside which a run may begin."""
    most_others_alone_gb: float = 1.0
    """The same for a run that trains alone, because nobody knows whether it fits beside them."""


@dataclass(frozen=True)
class CardRun:
    """Run that wants to begin on a card, or that trains there."""

    id: int
    own_peak_gb: float | None
    """Most that the run itself has reserved on such a card; None until it has trained and evaluated there."""
    kind_peak_gb: float | None
    """Most that any run of its kind has reserved on such a card, itself included; None where none has."""
    must_be_alone: bool = False
    """It ran out of memory beside other runs."""
    held_gb: float = 0.0
    """Memory that its processes hold now."""

    @property
    def demand_gb(self) -> float | None:
        """Memory that must be free for it to begin; None where nobody knows."""
        return None if self.kind_peak_gb is None else (self.kind_peak_gb + CONTEXT_GB) * MARGIN

    @property
    def reserved_gb(self) -> float | None:
        """Memory that is its own while it trains; None where nobody knows."""
        known = self.demand_gb if self.own_peak_gb is None else self.own_peak_gb + CONTEXT_GB
        return None if known is None else max(known, self.held_gb)


def memory_place(device_name: str, cache_bytes: int) -> str:
    """Name the cards on which runs alike take the same memory: the model, and the size of the cache of images."""
    return f"{device_name}, {cache_bytes / 2**30:g} GiB of images"


def refusal(card: SharedCard, holders: Collection[CardRun], candidate: CardRun) -> str | None:
    """Return the reason why a run has to wait for the card, one phrase; None where it may begin now.

    `holders`: the runs that train on the card. What is known is never promised twice: a run begins where its demand
    fits beside what others use and what each holder has reserved. It trains alone where its demand is not known or is
    more than the card has, or where it must; what its holders do not know is nobody else's."""
    there = sorted(holders, key=lambda run: run.id)
    if (why := _why_alone(card, candidate)) is not None:
        return _refusal_alone(card, there, why)
    for holder in there:
        if holder.must_be_alone:
            return f"waits for #{holder.id}, which trains alone on {card.device}"
        if holder.reserved_gb is None:
            return f"waits for #{holder.id}, which trains alone on {card.device} until its memory is known"
    if card.others_gb > card.most_others_gb:
        return f"waits: others hold {card.others_gb:.1f} GiB of {card.device}"
    demand_gb, free_gb = candidate.demand_gb or 0.0, free_memory_gb(card, there)
    is_empty = not there and card.others_gb <= min(card.most_others_gb, card.most_others_alone_gb)
    if demand_gb <= free_gb or is_empty:  # the card will never be emptier
        return None
    wanted, free = math.ceil(round(demand_gb * 10, 6)), math.floor(round(max(free_gb, 0.0) * 10, 6))
    return f"waits for {wanted / 10:.1f} GiB of {card.device}: {free / 10:.1f} free{_beside(card, there)}"


def free_memory_gb(card: SharedCard, holders: Collection[CardRun]) -> float:
    """Return the memory that nobody uses or has reserved; what holders of unknown demand hold now counts alone."""
    reserved = (run.held_gb if run.reserved_gb is None else run.reserved_gb for run in holders)
    return card.memory_gb - card.others_gb - sum(reserved)


def _why_alone(card: SharedCard, candidate: CardRun) -> str | None:
    """Return why no other run may train beside this one; None where others may."""
    if candidate.must_be_alone:
        return "it ran out of memory beside others"
    if candidate.demand_gb is None:
        return "its memory is not known yet"
    if candidate.demand_gb > card.memory_gb:
        return "it may take all memory"
    return None


def _refusal_alone(card: SharedCard, there: Sequence[CardRun], why: str) -> str | None:
    alone = f"waits to train alone on {card.device}, for {why}"
    if there:
        verb = "trains" if len(there) == 1 else "train"
        return f"{alone}: {_named(there)} {verb} there"
    if card.others_gb > min(card.most_others_gb, card.most_others_alone_gb):
        return f"{alone}: others hold {card.others_gb:.1f} GiB"
    return None


def _beside(card: SharedCard, there: Sequence[CardRun]) -> str:
    names = [f"#{run.id}" for run in there]
    names += [f"others' {card.others_gb:.1f}"] if card.others_gb >= TELLING_GB else []
    return f" beside {_joined(names)}" if names else ""


def _named(runs: Sequence[CardRun]) -> str:
    return _joined([f"#{run.id}" for run in runs])


def _joined(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
