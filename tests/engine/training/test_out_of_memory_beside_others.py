"""A run that meets a full card which others share is tried once more alone; alone it fails, or shrinks, as ever."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from sessions import CPU
from shared_cards import attempt as try_to_claim
from shared_cards import enlist, teach
from small import Small, small_home, small_spec
from stored_runs import get

from engine.files.paths import Home
from engine.models import networks
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits.retry import retry
from engine.training import attempt, environment
from engine.training.attempt import Attempt
from engine.training.control_channel import ControlChannel
from engine.training.memory_layout import CHANNELS_LAST


class Tight(Small):
    """Holds at most three images while it trains, and notes how many it was given."""

    given: list[int] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.given.append(len(images))
            if len(images) > 3:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().forward(images)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = small_home(tmp_path, monkeypatch)
    monkeypatch.setattr(networks, "build_model", lambda _arch, outputs, **_more: Tight(outputs))
    monkeypatch.setattr(environment, "choose_layout", lambda *_: CHANNELS_LAST)
    monkeypatch.setattr(Tight, "given", [])
    monkeypatch.setattr(workers, "_known_dead", lambda _row: False)
    return made


class Card:
    """A card with two workers; the first has claimed a run that will need more memory than there is."""

    def __init__(self, store: Store, home: Home, **settings: Any) -> None:
        self.store, self.home = store, home
        spec = small_spec(**settings)
        teach(store, 1.0, **spec.model_dump(exclude={"data"}) | {"data": spec.data})
        self.one, self.two = (enlist(store, pid=os.getpid()) for _ in range(2))
        self.run_id, self.neighbour = add_runs(store, [spec] * 2).ids
        self.held = self.claim(self.one)

    def claim(self, worker: int) -> Claim:
        claim = try_to_claim(self.store, worker).claim
        assert claim is not None
        return claim

    def train(self, held: Claim) -> Any:
        self.home.run(held.run_id).folder.mkdir(parents=True, exist_ok=True)
        Attempt(self.store, self.home, held, CPU, ControlChannel()).run()
        return get(self.store, held.run_id)


def test_it_is_queued_again_to_train_alone_and_fails_there(
    store: Store, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    card = Card(store, home, batch_size=13)
    beside = card.claim(card.two)
    run = card.train(card.held)
    assert (run.status, run.trains_alone, run.failures, run.error) == ("queued", True, 0, None)
    assert set(Tight.given) == {11}, (
        "the first of two batches; no smaller one was tried in the others' memory"
    )
    said = capsys.readouterr().out
    assert "shares cuda:0 with up to 3 other runs (now run 3), by time slices: no MPS daemon answers" in said
    assert "out of memory beside run 3: queued again, to train alone on the card" in said
    tried = try_to_claim(store, card.one)
    assert tried.reason == (
        "waits to train alone on cuda:0, for it ran out of memory beside others: #3 trains there"
    )
    queue.end(store, beside, "done")
    again = card.train(card.claim(card.one))
    assert (again.status, again.cause, again.attempt) == ("failed", "out_of_memory", 2)
    assert "3 would fit (measured)" in (again.error or "")
    assert "trains alone on cuda:0: it ran out of memory beside other runs" in capsys.readouterr().out


def test_a_neighbour_whose_process_is_ending_still_counts(
    store: Store, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    card = Card(store, home, batch_size=13)
    workers.beat(store, card.two, state="running", telemetry={})
    assert card.train(card.held).status == "queued"
    assert "out of memory beside a run that has just ended: queued again" in capsys.readouterr().out


def test_with_nobody_beside_it_it_fails_at_once(store: Store, home: Home) -> None:
    card = Card(store, home, batch_size=13)
    workers.beat(store, card.two, state="idle", telemetry={})
    run = card.train(card.held)
    assert (run.status, run.cause, run.trains_alone) == ("failed", "out_of_memory", False)


def test_it_does_not_shrink_for_memory_that_others_hold(store: Store, home: Home) -> None:
    card = Card(store, home, batch_size=6, on_oom="shrink")
    beside = card.claim(card.two)
    assert card.train(card.held).status == "queued" and set(Tight.given) == {6}
    queue.end(store, beside, "done")
    done = card.train(card.claim(card.one))
    assert (done.status, done.environment["micro_batch"]) == ("done", 3)


@pytest.fixture
def full_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No network can be put on the card."""

    def refuse(*_: object, **_more: object) -> None:
        raise RuntimeError("CUDA error: out of memory")

    monkeypatch.setattr(attempt, "Session", refuse)
    yield


@pytest.mark.usefixtures("full_at_once")
def test_memory_that_is_refused_before_the_first_step_is_no_other_case(store: Store, home: Home) -> None:
    card = Card(store, home)
    beside = card.claim(card.two)
    assert card.train(card.held).trains_alone
    queue.end(store, beside, "done")
    assert card.train(card.claim(card.one)).cause == "out_of_memory"


def test_a_request_is_obeyed_instead_and_a_retry_begins_anew(store: Store, home: Home) -> None:
    card = Card(store, home, batch_size=13)
    beside = card.claim(card.two)
    queue.ask(store, [card.run_id], "cancel")
    run = card.train(card.held)
    assert (run.status, run.trains_alone) == ("cancelled", True)
    retry(store, home, [card.run_id])
    assert not get(store, card.run_id).trains_alone
    queue.end(store, beside, "done")


def test_epochs_tell_how_many_runs_were_on_the_card(
    store: Store, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "build_model", lambda _arch, outputs, **_more: Small(outputs))
    card = Card(store, home)
    card.claim(card.two)
    assert card.train(card.held).status == "done"
    with store.read() as session:
        assert {each.runs_at_once for each in history.epochs_of(session, card.run_id)} == {2}
