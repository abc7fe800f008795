"""Starts and ends of waiting runs: arithmetic on what was measured, and what it does not pretend to know."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analysis.forecast import ForecastWorker, QueuedRun, forecast, learn
from engine.analysis.paces import (
    LEAST_SPREAD,
    NOW,
    Pace,
    PastRun,
    Span,
    duration,
    images_shown,
)
from engine.recipes.batch_parts import part_count

KIND = ("resnet18", 32, "auto", "imagenet")
PAST = PastRun(KIND, "cpu", "digits", 1000.0, Pace(90, 100, 110))
KNOWN = learn([PAST])


def task(number: int, **values: object) -> QueuedRun:
    """Ten epochs of 1,000 images: 100 s at 100 images/s."""
    blank = QueuedRun(number, *KIND, "digits", 1, False, 10, 100, 0, 0, 0)
    return blank._replace(**values)


def cpu(free: Span | None = NOW) -> ForecastWorker:
    return ForecastWorker("cpu", False, free)


def test_runs_follow_one_another_and_the_range_widens() -> None:
    found = forecast([task(1), task(2)], [cpu(Span(5, 10, 20))], {}, {}, KNOWN)
    assert found[1].start == Span(5, 10, 20)
    assert found[1].end == pytest.approx((5 + 90, 110, 20 + 1000 * 10 / 90))
    assert found[2].start == found[1].end
    assert found[2].end == pytest.approx((5 + 180, 210, 20 + 2 * 1000 * 10 / 90))


def test_a_run_on_several_cards_starts_where_they_are() -> None:
    tasks = [task(1, gpus=2), task(2)]
    one, two = (ForecastWorker("cpu", True, Span(at, at, at), cards) for at, cards in ((0, 1), (7, 2)))
    found = forecast(tasks, [one, two], {}, {}, KNOWN)
    assert (found[1].start.mid, found[2].start.mid) == (7, 0)
    assert forecast(tasks[:1], [one], {}, {}, KNOWN) == {}
    assert forecast(tasks[:1], [cpu()], {}, {}, KNOWN)[1].start == NOW, "on the CPU processes stand for cards"


def test_several_workers_share_the_queue() -> None:
    tasks = [task(1), task(2, epochs=1), task(3), task(4)]
    found = forecast(tasks, [cpu(), cpu(Span(0, 5, 9))], {}, {}, KNOWN)
    assert [found[each].start.mid for each in (1, 2, 3, 4)] == [0, 5, 15, 100]


def test_what_waits_for_another_starts_after_it_and_lets_others_pass() -> None:
    tasks = [task(1), task(2), task(3)]
    found = forecast(tasks, [cpu()], {}, {1: [3], 2: [1]}, KNOWN)
    assert [found[each].start.mid for each in (3, 1, 2)] == [0, 100, 200]
    running = {9: Span(40, 50, 60)}
    found = forecast(tasks[:2], [cpu(Span(40, 50, 60)), cpu()], running, {1: [9]}, KNOWN)
    assert found[2].start == NOW and found[1].start == Span(40, 50, 60)
    assert forecast([task(1)], [cpu()], {9: Span(40, 50, 60)}, {1: [9]}, KNOWN)[1].start == Span(40, 50, 60)


def test_an_idle_worker_takes_what_opens_later() -> None:
    card = ForecastWorker("card", True, NOW)
    known = learn([PAST, PAST._replace(device="card")])
    found = forecast([task(1, needs_card=True), task(2)], [cpu(), card], {}, {2: [1]}, known)
    assert found[1].start == NOW and found[2].start.mid == 100


def test_nothing_is_told_that_nobody_measured() -> None:
    tasks = [task(1), task(2, arch="resnet50"), task(3)]
    found = forecast(tasks, [cpu()], {}, {}, KNOWN)
    assert found[1].end is not None and found[2].start == found[1].end and found[2].end is None
    assert 3 not in found
    assert forecast([task(1)], [cpu(), cpu(None)], {}, {}, KNOWN) == {}
    assert forecast([task(1)], [], {}, {}, KNOWN) == {}
    assert forecast([task(1, data="new")], [cpu()], {}, {}, KNOWN)[1].end is None
    assert forecast([task(1)], [ForecastWorker("another", False, NOW)], {}, {}, KNOWN)[1].end is None
    assert forecast([task(1, needs_card=True)], [cpu()], {}, {}, KNOWN) == {}
    assert forecast([task(1), task(2)], [cpu()], {}, {1: [7], 2: [1]}, KNOWN) == {}
    assert forecast([task(1, epochs=0)], [cpu()], {}, {}, KNOWN)[1].end is None


def test_only_what_is_wanted_is_told() -> None:
    tasks = [task(number) for number in range(1, 6)]
    whole = forecast(tasks, [cpu()], {}, {}, KNOWN)
    assert forecast(tasks, [cpu()], {}, {}, KNOWN, {3, 99}) == {3: whole[3]}


def test_a_run_that_has_begun_knows_its_images_and_what_is_left() -> None:
    begun = task(1, data="new", steps_per_epoch=50, batch_size=10, epoch=4, step=225)
    assert begun.epochs_left == 5.5 and begun.images == 500
    assert KNOWN.seconds(begun, "cpu") == pytest.approx((2500 / 100 * 1 + 0, 27.5, 2750 / 90), abs=0.3)
    assert (
        task(1, epochs=3, epoch=5).epochs_left == 3 and task(1, steps_per_epoch=1, epoch=20).epochs_left == 0
    )


@pytest.mark.parametrize(
    ("measured", "steps", "batch_size", "images"),
    [
        (360.0, 1, 4096, 360),  # fewer than a batch
        (719.9999, 2, 360, 720),
        (
            97.0,
            11,
            32,
            321,
        ),  # its epochs were stopped in between: of 11 batches there were 321 images at least
        (400.0, 11, 32, 352),
        (None, 11, 32, 352),  # within a batch, which is a tenth
        (None, 1, 4096, None),
        (None, 0, 32, None),
        (360.0, 0, 32, None),
    ],
)
def test_images_of_an_epoch_are_those_measured_within_what_the_steps_allow(
    measured: float | None, steps: int, batch_size: int, images: float | None
) -> None:
    assert images_shown(measured, steps, batch_size) == pytest.approx(images)


@given(st.integers(1, 5_000), st.integers(1, 200), st.floats(0, 1), st.booleans())
def test_they_are_never_farther_off_than_a_forecast_says(
    images: int, batch_size: int, share: float, is_measured: bool
) -> None:
    steps = part_count(images, batch_size)
    shown = images_shown(images * share if is_measured else None, steps, batch_size)
    if shown is None:
        assert steps < 1 / LEAST_SPREAD
    else:
        assert abs(shown - images) <= batch_size and (
            share < 1 or not is_measured or abs(shown - images) <= 1
        )


def test_a_run_of_fewer_images_than_a_batch_takes_no_longer_for_its_batch_size() -> None:
    small = task(1, batch_size=4096, steps_per_epoch=1, epoch=4, step=4, measured_images=1000.0)
    assert KNOWN.seconds(small, "cpu") == duration(6_000, Pace(90, 100, 110))
    assert KNOWN.seconds(small._replace(measured_images=None), "cpu") == duration(6_000, Pace(90, 100, 110))
    assert KNOWN.seconds(small._replace(measured_images=None, data="new"), "cpu") is None


def test_four_passes_take_four_times_as_long() -> None:
    assert KNOWN.seconds(task(1, passes=4), "cpu") == duration(40_000, Pace(90, 100, 110))


def test_paces_are_pooled_and_the_newest_run_knows_the_data() -> None:
    newer = PAST._replace(images=2000.0, pace=Pace(40, 50, 60))
    older = PAST._replace(pace=Pace(120, 130, 200))
    known = learn([newer, PAST, older])
    assert known.paces == {(KIND, "cpu"): Pace(40, 100, 200)} and known.images == {"digits": 2000.0}


@given(st.floats(1, 1e7), st.floats(0.1, 1e4), st.floats(0, 2), st.floats(0, 2))
def test_a_range_holds_the_likely_time_and_is_never_narrower_than_can_be_known(
    images: float, usual: float, below: float, above: float
) -> None:
    low, mid, high = duration(images, Pace(usual / (1 + below), usual, usual * (1 + above)))
    assert low <= mid * (1 - LEAST_SPREAD) * 1.000001 and high >= mid * (1 + LEAST_SPREAD) * 0.999999


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_worker_trains_two_runs_at_once_and_none_starts_before_what_it_waits_for(
    data: st.DataObject,
) -> None:
    count = data.draw(st.integers(1, 12))
    tasks = [
        task(number, epochs=data.draw(st.integers(1, 9)), needs_card=data.draw(st.booleans()))
        for number in range(count)
    ]
    waits = {number: data.draw(st.sets(st.integers(0, number - 1), max_size=2)) for number in range(1, count)}
    stations = [
        ForecastWorker("cpu", data.draw(st.booleans()), NOW) for _ in range(data.draw(st.integers(1, 3)))
    ]
    found = forecast(tasks, stations, {}, waits, KNOWN)
    can_all = any(station.has_card for station in stations) or not any(each.needs_card for each in tasks)
    assert not can_all or len(found) == count
    for number, told in found.items():
        assert told.end is not None and told.start.low <= told.start.mid <= told.start.high
        assert all(found[target].end.mid <= told.start.mid + 1e-9 for target in waits.get(number, ()))  # type: ignore[union-attr]
        at_once = sum(
            other.start.mid <= told.start.mid < other.end.mid - 1e-9 for other in found.values() if other.end
        )
        assert at_once <= len(stations)
