"""Choice of the events to be told of."""

import pytest

from engine.alerts.errors import AlertError
from engine.alerts.kinds import DEFAULT, NAMES, parse_kinds


def test_kinds_are_chosen_by_name() -> None:
    assert parse_kinds([]) == DEFAULT == ("failed", "finding", "stalled", "empty", "done")
    assert parse_kinds(["done, failed", "best"]) == ("failed", "done", "best")
    assert parse_kinds(["done,all"]) == NAMES
    with pytest.raises(AlertError, match="'finished' is no event to be told of: choose from failed, finding"):
        parse_kinds(["done,finished"])
