"""Number of runs to train at once: what makes the most together, as far as it was tried."""

from engine.analysis.forecast import Pace, PastRun
from engine.analysis.slots import best_count

KIND = ("resnet18", 32, "auto", "imagenet")


def past(training: float, at_once: int | None, device: str = "cpu") -> PastRun:
    return PastRun(KIND, device, "digits", 1000.0, Pace(1, 1, 1), None, training, at_once)


def best(*runs: PastRun, most: int = 4) -> int:
    return best_count(KIND, "cpu", most, runs)


def test_what_was_never_tried_is_taken_to_pay() -> None:
    assert best() == 4
    assert best(past(100, 1)) == 4
    assert best(past(100, 1), past(90, 2), past(1.0, None), past(1.0, 4, "another")) == 4


def test_the_number_that_makes_the_most_together_is_chosen() -> None:
    assert best(past(100, 1), past(40, 4)) == 4
    assert best(past(100, 1), past(20, 4)) == 1
    assert best(past(100, 1), past(90, 2), past(20, 4)) == 2
    assert best(past(100, 1), past(100, 1), past(9999, 1), past(30, 4)) == 4, "the median of those alike"


def test_fewer_have_to_make_clearly_more() -> None:
    assert best(past(104, 1), past(25, 4)) == 4
    assert best(past(106, 1), past(25, 4)) == 1


def test_numbers_beyond_the_workers_that_are_there_do_not_count() -> None:
    assert best(past(100, 8), past(200, 1), past(150, 2), most=2) == 2
