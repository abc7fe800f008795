"""Reasons why runs wait, and forecasts, as the store's rows tell them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from studies import STEPS, train

from engine.queries import waiting
from engine.queries.throughput import past_runs
from engine.spec.grid import make_spec
from engine.store import history, queue, workers
from engine.store.activity import Activity, activity_of, doing_text
from engine.store.add import add_runs
from engine.store.database import Store

PACE = STEPS * 32 / 300
"""Images per second of an epoch of 300 s."""


@pytest.fixture
def worker(store: Store) -> int:
    return workers.register(store, pid=1, device="cpu", device_name="test processor")


def waits(store: Store, *wanted: int) -> dict[int, waiting.Waiting]:
    with store.read() as session:
        return waiting.waits(session, wanted or None)


def test_times_come_from_what_the_store_has_measured(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_known_dead", lambda _row: False)
    one = workers.register(store, pid=1, device="cpu", device_name="test processor")
    specs = [make_spec({"data": "digits", "epochs": 4, "seed": seed}) for seed in range(3)]
    add_runs(store, specs)
    add_runs(store, [make_spec({"data": "digits", "precision": "fp16"})])
    add_runs(store, [make_spec({"data": "digits", "stem": "cifar"})])
    assert waits(store, 1, 4)[1].reason == "next" and waits(store)[4].reason == "no worker for cuda"
    held = queue.claim(store, one)
    assert held is not None
    [second, third] = [waits(store)[number] for number in (2, 3)]
    assert (second.reason, second.starts, third.reason) == ("next", None, "1 ahead")
    train(store, held, 4, skill=0.5)
    queue.end(store, held, "done")
    with store.write() as session:
        session.execute(
            text('UPDATE run SET environment = \'{"device_name": "test processor"}\' WHERE id = 1')
        )
    now = datetime.now(UTC)
    told = waits(store)
    assert told[2].starts is not None and abs(told[2].starts[1] - now) < timedelta(seconds=30)
    assert told[2].ends is not None and told[3].starts == told[2].ends
    assert told[5].starts is not None and told[5].ends is None  # another stem has a pace of its own
    held = queue.claim(store, one)
    assert held is not None
    history.record_doing(store, held, Activity.PACKING, "3 of 9 images packed")
    assert waits(store)[2].ends is None and waits(store)[3].starts is None
    history.record_doing(store, held, Activity.PREPARING, "data /data/unpacked/rows.csv: 9 images")
    assert waits(store)[2].ends is not None and 1 not in waits(store)
    queue.ask(store, [2], "cancel")
    assert waits(store)[2].ends is None and waits(store)[3].starts is None


def test_a_running_run_ends_by_its_own_pace(store: Store, worker: int) -> None:
    add_runs(store, [make_spec({"data": "digits", "epochs": 10})])
    held = queue.claim(store, worker)
    assert held is not None
    train(store, held, 4, skill=0.5)
    now = datetime.now(UTC)
    with store.write() as session:  # four epochs in a minute, evaluations and start included
        began = {"began": (now - timedelta(seconds=60)).replace(tzinfo=None).isoformat(" ")}
        session.execute(text("UPDATE run SET started_at = :began WHERE id = 1"), began)
    told = waits(store)[1]
    assert told.reason is None and told.starts is None and told.ends is not None
    images = 6 * STEPS * 32
    by_training, by_all = images / 120, images / (4 * STEPS * 32 / 60)
    low, likely, high = ((time - now).total_seconds() for time in told.ends)
    assert low == pytest.approx(by_training, rel=0.05) and high == pytest.approx(by_all, rel=0.1)
    assert low < likely < high


def small_epochs(store: Store) -> None:
    """Make the epochs of all runs that have begun ones of a single step of 360 images, which takes 3 s."""
    with store.write() as session:
        session.execute(text(
            "UPDATE run SET steps_per_epoch = 1, step = epoch, images_per_s = 120, "
            "environment = '{\"device_name\": \"test processor\"}' WHERE steps_per_epoch > 0"
        ))  # fmt: skip
        session.execute(text("UPDATE epoch_metrics SET seconds = 3"))


def test_a_data_set_smaller_than_a_batch_takes_the_time_of_its_images(store: Store, worker: int) -> None:
    """A finished, a running and two waiting runs of 20 epochs of 360 images at 120 images/s in batches of 4,096."""
    large = {"data": "digits", "epochs": 20, "batch_size": 4096}
    add_runs(store, [make_spec({**large, "seed": seed}) for seed in range(2)])
    add_runs(store, [make_spec({**large, "batch_size": 32}), make_spec({**large, "augment": "flip4"})])
    for run_id, epochs in ((1, 20), (2, 10)):
        held = queue.claim(store, worker)
        assert held is not None and held.run_id == run_id
        train(store, held, epochs, skill=0.5)
        if run_id == 1:
            queue.end(store, held, "done")
    small_epochs(store)
    with store.read() as session:
        [past, running] = past_runs(session)[::-1]
    assert past.images == running.images == pytest.approx(360)
    told, now = waits(store), datetime.now(UTC)
    ends = [each.ends[1] for number in (2, 3, 4) if (each := told[number]).ends]
    lengths = [(end - start).total_seconds() for start, end in zip([now, *ends], ends, strict=False)]
    assert lengths == pytest.approx([10 * 3, 20 * 3, 4 * 20 * 3], rel=0.2)


def test_an_epoch_that_was_stopped_in_between_counts_with_the_images_that_its_steps_allow(
    store: Store, worker: int
) -> None:
    add_runs(store, [make_spec({"data": "digits", "epochs": 4})])
    held = queue.claim(store, worker)
    assert held is not None
    train(store, held, 1, skill=0.5)
    with store.write() as session:
        session.execute(text("UPDATE epoch_metrics SET seconds = 0.5"))  # of 20 steps of 32: 60 images
    with store.read() as session:
        [past] = past_runs(session)
    assert past.images == 19 * 32 + 1


def test_nobody_is_there(store: Store) -> None:
    add_runs(store, [make_spec({"data": "digits", "precision": "fp16"})])
    assert waits(store) == {1: waiting.Waiting("no worker")}


@pytest.mark.parametrize("activity", Activity)
def test_the_state_of_a_run_is_read_back_whatever_the_line_says(activity: Activity) -> None:
    assert activity_of(doing_text(activity, "data /packing: packed")) is activity


def test_a_line_of_an_earlier_version_is_no_packing() -> None:
    assert activity_of("") is None and activity_of("data packing: 9 images") is Activity.PREPARING


def test_an_hour_of_packing_is_not_taken_for_slow_training(store: Store, worker: int) -> None:
    specs = [make_spec({"data": "digits", "epochs": 10, "seed": seed}) for seed in range(2)]
    add_runs(store, specs)
    first = queue.claim(store, worker)
    assert first is not None
    train(store, first, 1, skill=0.5)
    hour_ago = {"began": (datetime.now(UTC) - timedelta(hours=1)).replace(tzinfo=None).isoformat(" ")}
    with store.write() as session:  # one epoch of 300 s
        session.execute(
            text("UPDATE run SET started_at = :began, images_per_s = :pace"), hour_ago | {"pace": PACE}
        )
        session.execute(
            text("UPDATE epoch_metrics SET seconds = 300 * epoch, images_per_s = :pace"), {"pace": PACE}
        )
    told = waits(store)[1]
    assert told.ends is not None
    left = (told.ends[1] - datetime.now(UTC)).total_seconds()
    assert 9 * 300 <= left < 1.3 * 9 * 300
    queue.end(store, first, "done")
    with store.read() as session:
        [past] = past_runs(session)
    assert PACE / 2 < past.pace.usual <= PACE


def test_a_run_far_slower_than_its_like_is_said_to_be_slow(
    store: Store, worker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_known_dead", lambda _row: False)
    add_runs(store, [make_spec({"data": "digits", "epochs": 4, "seed": seed}) for seed in range(2)])
    held = queue.claim(store, worker)
    assert held is not None
    train(store, held, 4, skill=0.5)
    queue.end(store, held, "done")
    running = queue.claim(store, worker)
    assert running is not None
    train(store, running, 1, skill=0.5)
    for images_per_s, slow in ((60.0, False), (30.0, True), (120.0, False)):  # 120 of the first run
        history.record_progress(store, running, step=STEPS + 40, images_per_s=images_per_s, losses=[])
        assert bool(waits(store)[2].slow) is slow
    history.record_progress(store, running, step=STEPS + 9, images_per_s=10.0, losses=[])
    assert waits(store)[2].slow == "", "an epoch's first steps tell nothing"


def test_the_throughput_of_several_cards_is_not_expected_of_one(store: Store, worker: int) -> None:
    add_runs(store, [make_spec({"data": "digits", "gpus": gpus}) for gpus in (2, 1)])
    for run_id in (1, 2):
        held = queue.claim(store, worker)
        assert held is not None and held.run_id == run_id
        train(store, held, 1, skill=0.5)
        queue.end(store, held, "done")
    with store.write() as session:
        session.execute(text('UPDATE run SET environment = \'{"device_name": "test processor"}\''))
    with store.read() as session:
        [one] = past_runs(session)
    with store.write() as session:
        session.execute(text("UPDATE run SET gpus = 2 WHERE id = 2"))
    with store.read() as session:
        assert one.kind[0] == "resnet18" and past_runs(session) == []
