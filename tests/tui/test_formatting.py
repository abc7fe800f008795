"""Times as people read them."""

from datetime import datetime

from tui.formatting import forecast


def test_a_forecast_is_the_nearest_minute_wherever_it_stands() -> None:
    now = datetime(2026, 1, 2, 15, 31).astimezone()
    for second, shown in ((29, "≈ 15:52"), (31, "≈ 15:53")):
        assert forecast(datetime(2026, 1, 2, 15, 52, second).astimezone(), now) == shown
