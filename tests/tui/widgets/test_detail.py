"""Legend of Home's curve: newest values and the best epoch."""

import pytest

from tui.detail_view import Curve, Reference
from tui.widgets.detail import beside, legend


def curve(best: tuple[int, float] | None) -> Curve:
    return Curve((1, 2, 3), (0.6, 0.7, 0.9), (0.6, 0.9, 0.7), 0.5, 3, best=best)


@pytest.mark.parametrize(
    ("width", "best", "says"),
    [
        (80, (2, 0.9), "acc  ━ train (running average) .9000  ━ test .7000 last  ◆ best .9000 in epoch 2"),
        (50, (2, 0.9), "━ train .9000  ━ test .7000 last  ◆ best .9000 (2)"),
        (38, (2, 0.9), "━ train .9000  ━ test .7000  ◆ .9000"),
        (60, (3, 0.7), "acc  ━ train (running average) .9000  ━ test .7000 ◆ best"),
        (30, (2, 0.9), "━ train .9000  ━ test .7000"),
        (22, (2, 0.9), "━ train  ━ test .7000"),
        (60, None, "accuracy  ━ train (running average) .9000  ━ test .7000"),
    ],
)
def test_last_and_best_are_both_named(width: int, best: tuple[int, float] | None, says: str) -> None:
    assert legend(curve(best), width).plain == says


def test_a_pinned_run_is_named_at_the_end_before_what_counts_less() -> None:
    pinned = Reference(4, "fundus", ((1.0, 0.5), (2.0, 0.8)))
    says = beside(pinned, is_same_data=True)
    assert legend(curve((2, 0.9)), 42, says).plain == "━ train .9000  ━ test .7000  ╌ #4 .8000"
    assert legend(curve((2, 0.9)), 36, says).plain == "━ train  ━ test .7000  ╌ #4 .8000"
    assert beside(pinned, is_same_data=False) == "  #4 other data"
