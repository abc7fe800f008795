"""Histories of devices: thinned to a bound, over all of the time or the newest part of it."""

import math

import pytest

from engine.hardware.system_history import MOST_POINTS, QUANTITIES, History, Series, hour, unpack


def filled(history: History, seconds: int, **quantities: float) -> Series:
    """Add a sample a second that grows by a quantity's value."""
    for second in range(seconds):
        history.add(second, {key: value * second for key, value in quantities.items()})
    return history.series()


def test_a_short_history_has_a_point_for_each_second_the_newest_included() -> None:
    found = filled(History(), 3, cpu_percent=10.0)
    assert found == Series(1.0, {"cpu_percent": [0, 10, 20]})


def test_samples_of_one_point_are_averaged_or_their_highest_is_kept() -> None:
    found = filled(History(width_s=4.0), 8, cpu_percent=1.0, memory_gb=1.0)
    assert found.columns == {"cpu_percent": [1.5, 5.5], "memory_gb": [3, 7]}


def test_a_full_history_halves_its_resolution_and_covers_all_of_the_time() -> None:
    found = filled(History(most=8), 20, cpu_percent=1.0, memory_gb=1.0)
    assert found.width_s == 4.0 and found.columns["cpu_percent"] == [1.5, 5.5, 9.5, 13.5, 17.5]
    assert found.columns["memory_gb"] == [3, 7, 11, 15, 19], "the highest of each stretch"


@pytest.mark.parametrize("seconds", [1, 499, 500, 501, 1_000, 20_000])
def test_a_run_of_any_length_has_a_bounded_number_of_points(seconds: int) -> None:
    found = filled(History(), seconds, cpu_percent=1.0)
    assert found.points <= MOST_POINTS and found.points * found.width_s >= seconds
    assert seconds < MOST_POINTS or found.points >= MOST_POINTS / 2
    column = found.columns["cpu_percent"]
    assert column[0] == (found.width_s - 1) / 2 and len(column) == found.points


def test_what_was_not_known_for_a_while_is_a_gap_and_the_mean_of_the_rest() -> None:
    history = History(most=4)
    for second, value in enumerate([5.0, None, math.nan, None]):
        history.add(second, {"images_per_s": value, "cpu_percent": 1.0})
    history.add(4, {"cpu_percent": 1.0})
    assert history.series().columns["images_per_s"] == [5.0, None, None] and history.series().width_s == 2.0
    history.add(9, {"images_per_s": 8.0, "gpu_percent": 3.0})
    found = history.series()
    assert found.width_s == 4.0 and found.columns["images_per_s"] == [5.0, None, 8.0]
    assert found.columns["gpu_percent"] == [None, None, 3.0]


def test_the_last_hour_drops_what_is_older() -> None:
    history = hour()
    for second in range(0, 7_210, 10):
        history.add(second, {"cpu_percent": float(second)})
    found = history.series()
    assert found.width_s == 30.0 and found.points == 120
    assert found.columns["cpu_percent"][0] == 3_640.0 and found.columns["cpu_percent"][-1] == 7_200.0


def test_a_series_is_stored_in_few_bytes_with_four_digits() -> None:
    values = {
        each.key: [math.sqrt(number) * 7.123456 for number in range(MOST_POINTS)] for each in QUANTITIES
    }
    packed = Series(8.0, values | {"images_per_s": [None, 1_234.5678, 0.0]}).packed()
    found = unpack(packed)
    assert len(packed) < 12_000 and found.width_s == 8.0
    assert found.columns["images_per_s"] == [None, 1_235.0, 0.0] and found.columns["cpu_percent"][1] == 7.123
