"""A run has stalled when its quiet is many times its longest pause."""

import pytest

from engine.alerts.stall import LEAST_STEPS, UNSEEN_S, Stall, StallWatch


def begun(times: float = 10.0, least_s: float = 60.0, pause_s: float = 4.0) -> tuple[StallWatch, float]:
    """A watch of a run that takes a step every few seconds, and the time now."""
    watch, now = StallWatch(times=times, least_s=least_s), 100.0
    watch.begin((1, 1), 0, now)
    now += 50.0  # until the first step
    for step in range(1, LEAST_STEPS + 1):
        assert watch.look(step, now, none) is None
        now += pause_s
    now -= pause_s
    return watch, now


def none() -> float:
    """No pause is known that was not seen."""
    return 0.0


def after(watch: StallWatch, now: float, seconds: float, step: object = LEAST_STEPS) -> Stall | None:
    """Look every two seconds for a time; return what the last look found."""
    found = None
    for second in range(2, int(seconds) + 1, 2):
        found = watch.look(step, now + second, none)
    return found


def test_a_pause_is_long_by_the_longest_before() -> None:
    watch, now = begun(pause_s=10.0)
    assert after(watch, now, 98) is None
    stall = after(watch, now + 98, 4)
    assert stall == Stall(102.0, 10.0) and stall.times == pytest.approx(10.2)
    assert watch.look(LEAST_STEPS + 1, now + 110, none) is None, "it goes on"
    assert after(watch, now + 110, 200, LEAST_STEPS + 1) is None, "such a pause is usual by now"


def test_no_pause_is_long_before_the_least_time() -> None:
    watch, now = begun(pause_s=2.0, least_s=300.0)
    assert after(watch, now, 298) is None
    assert after(watch, now + 298, 2) == Stall(300.0, 2.0)


def test_a_run_is_not_judged_before_it_takes_steps() -> None:
    watch = StallWatch(times=10.0, least_s=60.0)
    watch.begin((1, 1), 0, 0.0)
    assert after(watch, 0.0, 5000, 0) is None


def test_a_pause_that_is_known_counts_though_it_was_not_seen() -> None:
    watch, now = begun()
    found = [watch.look(LEAST_STEPS, now + second, lambda: 9.0) for second in range(2, 92, 2)]
    assert found[-2:] == [None, Stall(90.0, 9.0)]


def test_time_in_which_nobody_looked_is_not_blamed_on_the_run() -> None:
    watch, now = begun(least_s=100.0)
    assert watch.look(LEAST_STEPS, now + 4000, none) is None
    assert after(watch, now + 4000, 100 - UNSEEN_S - 2) is None
    assert after(watch, now + 4000, 100 - UNSEEN_S) == Stall(100.0, 4.0)


def test_each_attempt_begins_anew() -> None:
    watch, now = begun()
    assert watch.watches((1, 1)) and not watch.watches((1, 2))
    watch.begin((1, 2), LEAST_STEPS, now)
    assert after(watch, now, 5000) is None
