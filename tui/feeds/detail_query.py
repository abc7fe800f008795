"""Contents of the detail beside its run's own accuracy. Pure."""

from typing import NamedTuple

from tui.preferences.state import FIRST_CHART, Preferences


class DetailQuery(NamedTuple):
    pins: tuple[int, ...] = ()
    """Runs of which one is drawn behind the run in detail."""
    with_curves: bool = False
    """Read the curves of all metrics."""


NOTHING_MORE = DetailQuery()


def detail_query(preferences: Preferences) -> DetailQuery:
    return DetailQuery(preferences.pins, preferences.chart != FIRST_CHART)
