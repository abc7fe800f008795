"""Forecasts of runs that share a card: in parallel as far as slots and memory go, and slower for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_cards import PLACE

from engine.analysis.forecast import ForecastWorker, QueuedRun, forecast, learn
from engine.analysis.paces import NOW, Pace, PastRun, Span, shared_pace
from engine.analysis.shared_cards import ForecastCard
from engine.hardware.card_memory import CardRun

KIND = ("resnet18", 32, "auto", "imagenet")
PAST = PastRun(KIND, "H100", "digits", 1000.0, Pace(100, 100, 100))
CARD = ForecastCard("one/GPU-0", PLACE, 80.0, 3)
PEAKS = {("small", PLACE): 10.0, ("half", PLACE): 35.0, ("whole", PLACE): 79.0}


def task(number: int, key: str, **values: object) -> QueuedRun:
    """Ten epochs of 1,000 images: 100 s alone."""
    blank = QueuedRun(number, *KIND, "digits", 1, False, 10, 100, 0, 0, 0, memory_key=key)
    return blank._replace(**values)


def slots(count: int = 3, free: Span = NOW) -> list[ForecastWorker]:
    return [ForecastWorker("H100", True, free, 1, CARD) for _ in range(count)]


def starts_and_ends(
    tasks: list[QueuedRun], workers: list[ForecastWorker], *more: PastRun
) -> list[tuple[float, float]]:
    found = forecast(tasks, workers, {}, {}, learn([PAST, *more], PEAKS))
    return [(round(found[each.id].start.mid), round(found[each.id].end.mid)) for each in tasks]  # type: ignore[union-attr]


def test_runs_that_fit_begin_together_and_divide_the_card() -> None:
    tasks = [task(number, "small") for number in range(1, 7)]
    assert starts_and_ends(tasks, slots()) == [(0, 300)] * 3 + [(300, 600)] * 3
    assert starts_and_ends(tasks[:1], slots()) == [(0, 100)], "alone it has the card for itself"


def test_a_measured_loss_goes_before_the_assumed_one() -> None:
    shared = PAST._replace(pace=Pace(80, 80, 80), at_once=3)
    assert starts_and_ends([task(number, "small") for number in range(3)], slots(), shared) == [(0, 125)] * 3


def test_memory_bounds_how_many_begin() -> None:
    tasks = [task(number, "half") for number in range(1, 5)]
    assert starts_and_ends(tasks, slots()) == [(0, 200), (0, 200), (200, 400), (200, 400)]


@pytest.mark.parametrize(("key", "alone"), [("whole", False), ("nobody knows", False), ("small", True)])
def test_what_trains_alone_is_waited_for_and_waits(key: str, alone: bool) -> None:
    tasks = [task(1, "small"), task(2, key, trains_alone=alone), task(3, "small", epochs=1)]
    (_, first), (begins, ends), (last, _) = starts_and_ends(tasks, slots())
    assert begins == first and ends == begins + 100 and last == ends, (
        "the first in the queue is not overtaken"
    )


def test_runs_in_training_hold_their_memory() -> None:
    half = CardRun(9, 60.0, 60.0)
    busy = ForecastWorker("H100", True, Span(40, 50, 60), 1, CARD, half)
    assert starts_and_ends([task(1, "half")], [busy, *slots(1)]) == [(50, 150)]
    assert starts_and_ends([task(1, "small")], [busy, *slots(1)]) == [(0, 200)]
    known = task(1, "nobody knows", memory_place=PLACE, peak_memory_gb=1.0)
    found = forecast(
        [known], [busy, *slots(1)], {}, {}, learn([PAST], PEAKS | {("nobody knows", PLACE): 1.0})
    )
    assert found[1].start == NOW


def test_another_device_takes_what_a_full_card_cannot() -> None:
    whole = ForecastWorker("H100", True, Span(40, 50, 60), 1, CARD, CardRun(9, 79.0, 79.0))
    cpu = ForecastWorker("cpu", False, Span(1, 2, 3))
    found = forecast(
        [task(1, "small")], [whole, *slots(1), cpu], {}, {}, learn([PAST, PAST._replace(device="cpu")], PEAKS)
    )
    assert found[1].start.mid == 2


@pytest.mark.parametrize(
    ("measured", "at_once", "usual"),
    [
        ({}, 2, None),
        ({1: 100}, 1, 100),
        ({1: 100}, 4, 25),
        ({1: 100, 4: 60}, 2, 60),  # beside one other it is no slower than beside three
        ({1: 100, 4: 10}, 2, 50),
        ({2: 60}, 1, 120),
        ({2: 60, 3: 50}, 6, 25),
    ],
)
def test_throughput_beside_others(measured: dict[int, float], at_once: int, usual: float | None) -> None:
    found = shared_pace({count: Pace(pace, pace, pace) for count, pace in measured.items()}, at_once)
    assert (None if found is None else found.usual) == usual


paces = st.tuples(st.floats(1, 9), st.floats(0, 9), st.floats(0, 9)).map(
    lambda of: Pace(of[0], of[0] + of[1], of[0] + of[1] + of[2])
)


@given(st.dictionaries(st.integers(1, 5), paces, min_size=1), st.integers(1, 6))
def test_a_range_stays_a_range(measured: dict[int, Pace], at_once: int) -> None:
    found = shared_pace(measured, at_once)
    assert found is not None and 0 < found.slow <= found.usual <= found.fast


@given(st.lists(st.sampled_from(["small", "half", "whole", "nobody knows"]), min_size=1, max_size=8))
def test_every_run_is_forecast_in_the_queues_order(keys: list[str]) -> None:
    tasks = [task(number, key) for number, key in enumerate(keys)]
    found = forecast(tasks, slots(), {}, {}, learn([PAST], PEAKS))
    begun = [found[each.id].start.mid for each in tasks]
    assert begun == sorted(begun)
    for each in tasks:
        at_once = [
            other
            for other in tasks
            if found[other.id].start.mid <= found[each.id].start.mid < found[other.id].end.mid  # type: ignore[union-attr]
        ]
        demands = [(PEAKS.get((other.memory_key, PLACE), 1e9) + 0.5) * 1.1 for other in at_once]
        assert len(at_once) == 1 or sum(demands) <= CARD.memory_gb
