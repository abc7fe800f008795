"""Forecasts of runs on a shared card, as the store's rows tell them."""

import json

import pytest
from shared_cards import NAME, PLACE, add, claimed, enlist
from sqlalchemy import text
from studies import train

from engine.queries import waiting
from engine.queries.throughput import past_runs
from engine.store import queue, workers
from engine.store.database import Store


@pytest.fixture(autouse=True)
def all_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_known_dead", lambda _row: False)


@pytest.fixture
def card(store: Store) -> list[int]:
    """Two workers of one card, on which a run has been trained to its end."""
    found = [enlist(store, slots=2) for _ in range(2)]
    trained = add(store, epochs=4)
    held = claimed(store, found[0])
    train(store, held, 4, skill=0.5)
    queue.end(store, held, "done")
    execute(store, "UPDATE run SET environment = :found", found=json.dumps({"device_name": NAME}))
    assert trained == 1
    return found


def execute(store: Store, statement: str, **values: object) -> None:
    with store.write() as session:
        session.execute(text(statement), values)


def learn(store: Store, peak_gb: float) -> None:
    place = "UPDATE run SET peak_memory_gb = :gb, memory_place = :place WHERE id = 1"
    execute(store, place, gb=peak_gb, place=PLACE)


def waits(store: Store) -> dict[int, waiting.Waiting]:
    with store.read() as session:
        return waiting.waits(session)


def begins(told: waiting.Waiting) -> float:
    """Seconds since 1970."""
    assert told.starts is not None
    return told.starts[1].timestamp()


def ends(told: waiting.Waiting) -> float:
    assert told.ends is not None
    return told.ends[1].timestamp()


def lasts(told: waiting.Waiting) -> float:
    return ends(told) - begins(told)


@pytest.mark.usefixtures("card")
def test_runs_that_fit_are_forecast_beside_each_other_and_twice_as_long(store: Store) -> None:
    one, two, three = (add(store, epochs=4, seed=seed) for seed in (1, 2, 3))
    unknown = waits(store)
    assert begins(unknown[two]) == ends(unknown[one]), "each trains alone"
    learn(store, 20.0)
    told = waits(store)
    assert begins(told[one]) == begins(told[two])
    assert lasts(told[one]) == pytest.approx(2 * lasts(unknown[one]))
    assert begins(told[three]) == ends(told[one])
    learn(store, 60.0)
    full = waits(store)
    assert begins(full[two]) == ends(full[one]) and lasts(full[one]) == pytest.approx(lasts(unknown[one]))


def test_a_run_in_training_keeps_its_memory_from_the_next(store: Store, card: list[int]) -> None:
    learn(store, 60.0)
    one, two = add(store, epochs=4, seed=1), add(store, epochs=4, seed=2)
    held = claimed(store, card[0])
    assert held.run_id == one
    told = waits(store)
    assert begins(told[two]) == ends(told[one])


@pytest.mark.usefixtures("card")
def test_a_throughput_beside_others_is_learnt_as_such(store: Store) -> None:
    learn(store, 20.0)
    one, _ = add(store, epochs=4, seed=1), add(store, epochs=4, seed=2)
    divided = lasts(waits(store)[one])
    execute(store, "UPDATE epoch_metrics SET runs_at_once = 2 WHERE epoch > 0")
    with store.read() as session:
        assert [past.at_once for past in past_runs(session)] == [2]
    assert lasts(waits(store)[one]) == pytest.approx(divided / 2)
