"""Cards that several forecast workers share: who trains on them, and for whom there is room. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from engine.analysis.paces import Span
from engine.hardware.card_memory import CardRun, SharedCard, refusal


class ForecastCard(NamedTuple):
    """Card that workers share, without what programs of others use of it: they may go."""

    key: str
    """Equal for the workers of one card."""
    place: str
    """The card as `Run.memory_place` names it."""
    memory_gb: float
    slots: int


class _Held(NamedTuple):
    run: CardRun
    end: Span


class SharedCards:
    """Runs on the shared cards as a simulation goes on; a device that is not shared, None, takes any run."""

    def __init__(self, held: Iterable[tuple[ForecastCard | None, CardRun, Span]]) -> None:
        """`held`: the runs that train now, each with its end."""
        self._held: dict[str, list[_Held]] = defaultdict(list)
        for card, run, end in held:
            self.begin(card, run, end)

    def begin(self, card: ForecastCard | None, run: CardRun, end: Span) -> None:
        if card is not None:
            self._held[card.key].append(_Held(run, end))

    def next_end(self, card: ForecastCard | None, run: CardRun, time: float) -> Span | None:
        """Return the end of the run that will be the next to leave the card, where this one has to wait for memory."""
        if card is None:
            return None
        there = self._there(card, time)
        here = SharedCard(card.key, card.memory_gb, 0.0)
        if not there or refusal(here, [each.run for each in there], run) is None:
            return None
        return min((each.end for each in there), key=lambda end: end.mid)

    def at_once(self, card: ForecastCard | None, run: CardRun, time: float, waiting: int) -> int:
        """Return how many runs will be on the card beside one that begins, itself included, with so many `waiting`
        behind it: as many as there are slots and as there is memory for runs like it."""
        demand_gb = run.demand_gb
        if card is None or run.must_be_alone or demand_gb is None or demand_gb > card.memory_gb:
            return 1
        busy = len(self._there(card, time))
        return max(busy + 1, min(card.slots, busy + 1 + waiting, int(card.memory_gb / demand_gb)))

    def _there(self, card: ForecastCard, time: float) -> list[_Held]:
        """Return the runs on a card at a time, which later calls never precede."""
        self._held[card.key] = [each for each in self._held[card.key] if each.end.mid > time]
        return self._held[card.key]
