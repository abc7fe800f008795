"""Runs at once on a processor: which measurements count, and how many pay."""

import pytest

from engine.analysis.paces import Pace, PastRun
from engine.analysis.paying_slots import Recipe, measured_at_once, runs_that_pay

KIND = ("resnet18", 32, "auto", "imagenet")
RECIPE = Recipe(KIND, 32)


@pytest.mark.parametrize(
    ("images_per_s", "most", "count"),
    [
        ({}, 1, 1),
        ({}, 2, 2),
        ({1: 65.0}, 2, 2),  # two at once were never measured
        ({2: 57.0}, 2, 2),  # one alone is not tried
        ({1: 65.0, 2: 57.0}, 2, 2),
        ({1: 65.0, 2: 34.0}, 2, 1),  # 68 together are less than 5 % more
        ({1: 65.0, 2: 34.2}, 2, 2),
        ({8: 10.0}, 8, 4),  # half as many are tried
        ({8: 10.0, 4: 19.0}, 8, 8),
        ({8: 10.0, 4: 19.1}, 8, 2),  # as good: a quarter is tried
        ({8: 10.0, 4: 19.5, 2: 35.0}, 8, 4),
        ({8: 10.0, 4: 19.5, 2: 38.0}, 8, 2),
        ({8: 10.0, 4: 19.5, 2: 38.0, 1: 76.0}, 8, 1),
        ({7: 10.0, 3: 30.0}, 7, 3),
        ({4: 19.5, 2: 38.0, 1: 76.0}, 8, 8),
    ],
)
def test_fewer_are_enough_where_they_make_as_much(
    images_per_s: dict[int, float], most: int, count: int
) -> None:
    assert runs_that_pay(images_per_s, most) == count


def past(training: float, shared_by: int | None, threads: int | None, **other: object) -> PastRun:
    run = PastRun(KIND, "Xeon", "digits", 1000.0, Pace(1, 1, 1), threads, training, 32, shared_by=shared_by)
    return run._replace(**other)


def test_only_runs_alike_with_their_even_share_of_the_cores_count() -> None:
    runs = [
        past(60.0, 1, 4),
        past(30.0, 2, 2), past(34.0, 2, 2), past(90.0, 2, 2),
        past(9.0, 4, 1),
        past(1.0, 3, 2),  # a third of four cores is one
        past(1.0, 1, 2),  # a user named its threads, or another program was busy
        past(1.0, None, 4),
        past(1.0, 1, 4, device="EPYC"),
        past(1.0, 1, 4, batch_size=8),
        past(1.0, 1, 4, kind=("resnet50", *KIND[1:])),
        past(0.0, 1, 4),
    ]  # fmt: skip
    assert measured_at_once(runs, RECIPE, "Xeon", 4) == {1: 60.0, 2: 34.0, 4: 9.0}


def test_a_run_alone_has_eight_threads_on_a_large_host() -> None:
    assert measured_at_once([past(60.0, 1, 8), past(1.0, 1, 64)], RECIPE, "Xeon", 64) == {1: 60.0}
