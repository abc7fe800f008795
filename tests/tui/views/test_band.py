"""Mean of curves with its band."""

import statistics

from tui.views.band import curves_counted, mean_band


def test_the_band_is_one_standard_deviation_around_the_mean_of_those_that_got_so_far() -> None:
    points = mean_band([((1, 0.5), (2, 0.6)), ((1, 0.7),), ((1, 0.9), (3, 0.4))])
    assert [(point.x, point.n) for point in points] == [(1, 3), (2, 1), (3, 1)]
    first = points[0]
    sd = statistics.stdev([0.5, 0.7, 0.9])
    assert abs(first.mean - 0.7) < 1e-12 and first.low is not None and first.high is not None
    assert abs(first.low - (0.7 - sd)) < 1e-12 and abs(first.high - (0.7 + sd)) < 1e-12
    assert points[1].low is None and points[1].mean == 0.6
    assert curves_counted(points) == "1–3" and curves_counted(points[:1]) == "3" and curves_counted(()) == "0"
