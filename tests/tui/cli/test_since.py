"""Times as they are typed after --since."""

from datetime import UTC, datetime, timedelta

import pytest

from tui.cli.output import CliError
from tui.cli.since import parse_since

NOON = datetime(2026, 5, 12, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "is_"),
    [
        ("2h", NOON - timedelta(hours=2)),
        ("3 d", NOON - timedelta(days=3)),
        ("90m", NOON - timedelta(minutes=90)),
        ("yesterday", datetime(2026, 5, 11, tzinfo=UTC)),
        ("Today", datetime(2026, 5, 12, tzinfo=UTC)),
        ("9:05", datetime(2026, 5, 12, 9, 5, tzinfo=UTC)),
        ("18:00", datetime(2026, 5, 11, 18, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T10:00", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("2026-05-12T14:00+02:00", datetime(2026, 5, 12, 12, tzinfo=UTC)),
        ("999999w", datetime(1970, 1, 1, tzinfo=UTC)),
        ("999999d", datetime(1970, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00+05:00", datetime(1970, 1, 1, tzinfo=UTC)),
        ("0001-01-01", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_since(given: str, is_: datetime) -> None:
    assert parse_since(given, NOON) == is_


@pytest.mark.parametrize("given", ["", "soon", "25:00", "2h3m", "-2h", "2026-05-13", "²h", "\x1b[31m"])
def test_what_is_no_time_is_refused(given: str) -> None:
    with pytest.raises(CliError, match="--since: ") as caught:
        parse_since(given, NOON)
    assert "\x1b" not in str(caught.value)
