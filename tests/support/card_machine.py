"""Runs of any memory on a card that workers share, beside processes of others: in any order of events nothing that is
known is promised twice, and in the end every run has been trained."""

from collections.abc import Callable
from typing import Any

import shared_cards
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from shared_cards import CARD_GB, LIMITS, PLACE

from engine.hardware.card_memory import CONTEXT_GB, MARGIN
from engine.store import listing, queue
from engine.store.card_claims import CardLook, Tried, claim_beside
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits.order import set_priority

SLOTS = 3
KINDS = (2, 3, 4, 5)
"""Batch sizes: runs of one take about the same."""
SMALL_GB = 1e-6
MOST_SHARE = 3
"""Times that a process may hold what its run has taken so far: what is known may be wrong."""
LOWEST = -1
peaks = st.floats(0.1, CARD_GB / SLOTS) | st.floats(0.1, CARD_GB * 1.2)
workers_of_card = st.integers(0, SLOTS - 1)


class CardMachine(RuleBasedStateMachine):
    store: Store
    empty: Callable[[], object]

    @initialize(true_gb=st.tuples(*[peaks] * len(KINDS)), taught=st.sets(st.sampled_from(KINDS)))
    def begin(self, true_gb: tuple[float, ...], taught: set[int]) -> None:
        type(self).empty()
        self.true_gb = dict(zip(KINDS, true_gb, strict=True))
        self.known_gb: dict[int, float] = {}
        """Largest peak of each kind that is in the table."""
        self.own_gb: dict[int, float] = {}
        """The same of each run."""
        self.kind_of: dict[int, int] = {}
        self.alone: set[int] = set()
        self.others_gb: list[float] = []
        self.running: dict[int, tuple[Claim, float]] = {}
        """Run of each worker, and what its processes hold."""
        for kind in taught:
            shared_cards.teach(self.store, self.true_gb[kind], batch_size=kind)
            self.known_gb[kind] = self.true_gb[kind]
        self.workers = [shared_cards.enlist(self.store, slots=SLOTS) for _ in range(SLOTS)]
        for kind in KINDS:
            self.add(kind, 1)

    # Events

    @rule(kind=st.sampled_from(KINDS), count=st.integers(1, 3))
    def add(self, kind: int, count: int) -> None:
        for _ in range(count):
            self.kind_of[shared_cards.add(self.store, batch_size=kind)] = kind

    @rule(number=workers_of_card, share=st.floats(0, MOST_SHARE))
    def claim(self, number: int, share: float = 1) -> None:
        """Look when all processes hold this share of what their runs take."""
        for each, (held, _) in self.running.items():
            most = self.true_gb[self.kind_of[held.run_id]] + CONTEXT_GB
            self.running[each] = held, share * most
        self.try_to_claim(number, lambda: None)

    @rule(number=workers_of_card, other=workers_of_card)
    def claim_while_another_has_just_looked(self, number: int, other: int) -> None:
        if number != other:
            self.try_to_claim(number, lambda: self.try_to_claim(other, lambda: None))

    @precondition(lambda self: self.running)
    @rule(number=workers_of_card)
    def evaluate(self, number: int) -> None:
        if number in self.running:
            self.measure(self.running[number][0])

    @precondition(lambda self: self.running)
    @rule(
        number=workers_of_card, how=st.sampled_from(["done", "failed", "stopped", "killed", "out of memory"])
    )
    def end(self, number: int, how: Any) -> None:
        if number not in self.running:
            return
        held, _ = self.running.pop(number)
        if how in ("done", "failed"):
            queue.end(self.store, held, how, cause="disk" if how == "failed" else None)
        elif how == "out of memory":
            queue.put_back(self.store, held, trains_alone=True)
            self.alone.add(held.run_id)
        else:
            queue.put_back(self.store, held, bad_end=("signal", "killed") if how == "killed" else None)

    @rule(gb=st.floats(0.1, CARD_GB))
    def somebody_comes(self, gb: float) -> None:
        held = sum(gb for _, gb in self.running.values())
        if held + sum(self.others_gb) + gb <= CARD_GB:
            self.others_gb.append(gb)

    @precondition(lambda self: self.others_gb)
    @rule()
    def somebody_goes(self) -> None:
        self.others_gb.pop()

    @precondition(lambda self: self.kind_of)
    @rule(which=st.integers(0, 9), priority=st.integers(LOWEST, 1))
    def prefer(self, which: int, priority: int) -> None:
        if waiting := self.queued():
            set_priority(self.store, [waiting[which % len(waiting)]], priority)

    # What they do

    def try_to_claim(self, number: int, meanwhile: Callable[[], None]) -> None:
        if number in self.running:
            return
        seen: list[float] = []

        def look(_pids: Any) -> CardLook:
            held = {self.workers[each]: gb for each, (_, gb) in self.running.items()}
            seen.append(sum(self.others_gb))
            meanwhile()
            return CardLook(held, seen[0])

        waiting = self.queued()
        tried = claim_beside(self.store, self.workers[number], look, LIMITS)
        if tried.claim is not None:
            waiting = [each for each in waiting if each not in self.trained()]
            assert tried.claim.run_id == waiting[0], "the first of the queue"
            self.check(tried.claim.run_id, seen[0])
            self.running[number] = tried.claim, 0.0
        else:
            self.check_refused(tried)

    def check(self, run_id: int, others_gb: float) -> None:
        """It has begun: whatever the others do, there is room for what is known, or it is alone."""
        demand = self.known_gb.get(self.kind_of[run_id])
        wanted = None if demand is None else (demand + CONTEXT_GB) * MARGIN
        if run_id in self.alone or wanted is None or wanted > CARD_GB:
            assert not self.running and others_gb <= LIMITS.most_others_alone_gb
            return
        promised = 0.0
        for held, held_gb in self.running.values():
            kind = self.known_gb.get(self.kind_of[held.run_id])
            assert kind is not None and held.run_id not in self.alone
            own = self.own_gb.get(held.run_id)
            promised += max(held_gb, own + CONTEXT_GB if own is not None else (kind + CONTEXT_GB) * MARGIN)
        assert others_gb + promised + wanted <= CARD_GB + SMALL_GB

    def check_refused(self, tried: Tried) -> None:
        """On the empty card the first run begins."""
        if not self.running and not self.others_gb:
            assert tried.reason is None and not self.queued()

    def measure(self, held: Claim) -> None:
        kind = self.kind_of[held.run_id]
        shared_cards.measure(self.store, held, self.true_gb[kind])
        self.known_gb[kind] = self.own_gb[held.run_id] = self.true_gb[kind]

    def queued(self) -> list[int]:
        with self.store.read() as session:
            return listing.queue_order(session)

    def trained(self) -> set[int]:
        return {held.run_id for held, _ in self.running.values()}

    # What must hold

    @invariant()
    def a_run_of_unknown_memory_has_the_card_for_itself(self) -> None:
        unknown = [each for each in self.trained() if self.kind_of[each] not in self.known_gb]
        assert not unknown or len(self.running) == 1
        with self.store.read() as session:
            listed = listing.list_runs(session, status=["running"])
        assert {run.id for run in listed} == self.trained()
        assert all(run.memory_place in ("", PLACE) for run in listed)

    def teardown(self) -> None:
        """Every run is trained to its end once the others have gone, though more come that would fit sooner."""
        if not hasattr(self, "workers"):
            return
        self.others_gb.clear()
        self.train_to_the_end()
        smallest = min(self.true_gb, key=self.true_gb.__getitem__)
        for run_id in self.queued():
            self.kind_of[shared_cards.add(self.store, batch_size=smallest, priority=LOWEST)] = smallest
            for number in range(SLOTS):
                self.claim(number)
            self.train_to_the_end()
            assert run_id not in self.queued(), "each round trains the first that wait"

    def train_to_the_end(self) -> None:
        for number in list(self.running):
            self.evaluate(number)
            self.end(number, "done")
