"""Workers that share a card: who may claim, and in which order."""

import os

import pytest
from postgres import on_sqlite
from shared_cards import CARD_GB, EMPTY, LIMITS, NAME, PLACE, add, attempt, claimed, enlist, measure, teach
from stored_runs import get

from engine.hardware.card_memory import memory_place
from engine.store import queue, workers
from engine.store.card_claims import CardLook, claim_beside
from engine.store.database import Store


@pytest.fixture(autouse=True)
def all_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_known_dead", lambda _row: False)


def test_runs_of_known_memory_share_the_card_as_far_as_it_goes(store: Store) -> None:
    teach(store, 20.0)
    teach(store, 30.0)  # the largest of a kind counts: 33.55 GiB are wanted
    first, second, third = (add(store, seed=seed) for seed in range(3))
    one, two, three = (enlist(store) for _ in range(3))
    assert claimed(store, one).run_id == first
    assert claimed(store, two).run_id == second
    reason = f"waits for 33.6 GiB of cuda:0: 12.9 free beside #{first} and #{second}"
    assert attempt(store, three).reason == reason
    assert attempt(store, three, held={one: 40.0}).reason == reason.replace("12.9", "6.4")


def test_a_run_of_unknown_memory_trains_alone_until_it_has_measured_its_own(store: Store) -> None:
    teach(store, 1.0, batch_size=64)
    unknown, small = add(store), add(store, batch_size=64)
    one, two = enlist(store), enlist(store)
    held = claimed(store, one)
    waits = f"waits for #{unknown}, which trains alone on cuda:0 until its memory is known"
    assert held.run_id == unknown and attempt(store, two).reason == waits
    measure(store, held, 0.4, epoch=0)  # an evaluation before the first step takes less than a training
    assert attempt(store, two).reason == waits
    measure(store, held, 50.0)
    assert claimed(store, two).run_id == small


def test_what_another_card_or_image_cache_took_is_not_known_here(store: Store) -> None:
    teach(store, 2.0, place=memory_place("T4", 4 << 30))
    teach(store, 2.0, place=memory_place(NAME, 8 << 30))
    teach(store, 2.0, place="")
    first, second = add(store), add(store)
    one, two = enlist(store), enlist(store)
    assert claimed(store, one).run_id == first
    assert "alone" in (attempt(store, two).reason or "") and second


def test_the_first_run_in_the_queues_order_holds_later_ones_back(store: Store) -> None:
    teach(store, 60.0)
    teach(store, 1.0, batch_size=64)
    large, next_large, small = add(store), add(store), add(store, batch_size=64)
    one, two = enlist(store), enlist(store)
    held = claimed(store, one)
    assert held.run_id == large and "waits for 66.6 GiB" in (attempt(store, two).reason or "")
    queue.end(store, held, "done")
    assert claimed(store, one).run_id == next_large
    assert claimed(store, two).run_id == small


def test_what_the_card_could_never_take_holds_nobody_back(store: Store) -> None:
    """Such are runs for several cards, for another host, or of more memory than it has."""
    teach(store, 1.0)
    add(store, gpus=2)
    wanted = add(store)
    assert claimed(store, enlist(store)).run_id == wanted


def test_a_run_that_may_be_too_large_for_the_empty_card_is_tried_alone(store: Store) -> None:
    teach(store, CARD_GB + 20, batch_size=512)
    teach(store, 1.0)
    small, large = add(store), add(store, batch_size=512)
    one, two = enlist(store), enlist(store)
    held = claimed(store, one)
    reason = f"waits to train alone on cuda:0, for it may take all memory: #{small} trains there"
    assert attempt(store, two).reason == reason
    queue.end(store, held, "done")
    assert claimed(store, two).run_id == large


def test_memory_of_a_process_that_is_ending_is_not_given_away(store: Store) -> None:
    teach(store, 30.0)
    add(store)
    one, two = enlist(store), enlist(store)
    assert (
        attempt(store, two, held={one: 60.0}).reason
        == "waits for 33.6 GiB of cuda:0: 20.0 free beside others' 60.0"
    )


def test_programs_of_others_are_left_their_memory(store: Store) -> None:
    teach(store, 30.0)
    wanted = add(store)
    one = enlist(store)
    assert (
        attempt(store, one, others_gb=50.0).reason
        == "waits for 33.6 GiB of cuda:0: 30.0 free beside others' 50.0"
    )
    assert claimed(store, one, others_gb=45.0).run_id == wanted


def test_the_card_is_looked_at_only_while_a_run_waits_for_it(store: Store) -> None:
    one = enlist(store, pid=os.getpid())
    assert claim_beside(store, one, lambda _: pytest.fail("looked"), LIMITS).reason is None
    add(store)
    asked = []

    def look(pids: object) -> CardLook:
        asked.append(pids)
        return EMPTY

    assert claim_beside(store, one, look, LIMITS).claim is not None
    assert asked == [{os.getpid(): one}]


def test_a_card_takes_as_many_workers_as_it_has_slots(store: Store) -> None:
    enlist(store, slots=2)
    enlist(store, slots=2)
    for slots in (1, 2, 3):
        with pytest.raises(workers.DeviceTaken):
            enlist(store, slots=slots)
    enlist(store, slots=1, device="cuda:1")
    with pytest.raises(workers.DeviceTaken):
        enlist(store, slots=2, device="cuda:1")


def test_workers_of_containers_that_see_not_each_others_processes_share_no_card(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    enlist(store)
    monkeypatch.setattr(workers, "is_here", lambda _row: False)
    with pytest.raises(workers.DeviceTaken):
        enlist(store)


def test_the_largest_peak_of_all_attempts_on_one_card_is_kept(store: Store) -> None:
    run_id = add(store)
    held = claimed(store, enlist(store))
    for peak_gb, place, kept in (
        (3.0, PLACE, 3.0),
        (2.0, PLACE, 3.0),
        (4.0, PLACE, 4.0),
        (1.0, memory_place("T4", 4 << 30), 1.0),
        (0.5, "", 0.5),
        (0.4, "", 0.4),
    ):
        measure(store, held, peak_gb, place)
        run = get(store, run_id)
        assert (run.peak_memory_gb, run.memory_place) == (kept, place)


@on_sqlite
def test_a_kind_of_many_runs_is_known_by_one_entry_of_the_index(store: Store) -> None:
    explain = (
        "EXPLAIN QUERY PLAN SELECT max(peak_memory_gb) FROM run WHERE memory_key = 'x' AND memory_place = 'y'"
    )
    with store.engine.connect() as connection:
        plan = str(connection.exec_driver_sql(explain).all())
    assert "USING COVERING INDEX ix_run_memory_peak (memory_key=? AND memory_place=?)" in plan
