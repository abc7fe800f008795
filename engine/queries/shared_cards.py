"""Shared cards of the workers, and the memory that runs take there, read for forecasts."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlmodel import Session

from engine.analysis.shared_cards import ForecastCard
from engine.hardware import processes
from engine.store.memory_peaks import kind_peaks
from engine.store.tables import Worker


def cards_of(there: Iterable[Worker]) -> dict[int, ForecastCard]:
    """Return the card of each worker that shares one, by the worker's id."""
    return {
        each.id: ForecastCard(
            f"{processes.machine_of(each.host_id)}/{each.device_uuid or each.device}",
            each.memory_place,
            each.memory_gb or 0.0,
            each.slots,
        )
        for each in there
        if each.id is not None and each.slots > 1
    }


def read_peaks(
    session: Session, there: Iterable[Worker], runs: Iterable[Any]
) -> dict[tuple[str, str], float]:
    """Return the largest peak in GiB of the kinds of these runs, rows with a memory key, by key and place of the cards
    that workers share; reads nothing where none is shared."""
    places = {card.place for card in cards_of(there).values()}
    keys = {run.memory_key for run in runs} if places else ()
    return {
        (key, place): peak_gb for place in places for key, peak_gb in kind_peaks(session, place, keys).items()
    }


def runs_at_once(cards: Mapping[int, ForecastCard], training: Collection[int]) -> dict[int, int]:
    """Return how many runs are on the card of each worker in `training` that shares one, its own included."""
    counts = Counter(cards[each].key for each in training if each in cards)
    return {each: counts[cards[each].key] for each in training if each in cards}
