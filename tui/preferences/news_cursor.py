"""News cursor of a home: up to where `resnet-tui news` or the app has shown the news."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.files.paths import Home
from tui.preferences.state import read_state, state_file, write_state

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Time before all runs."""


@dataclass(frozen=True)
class NewsCursor:
    """Time of the last visit, and the news that were shown then."""

    at: datetime
    through: datetime
    """Latest end of a run that was shown. It differs from `at`, because an end that was being written at that time is
    earlier but was not visible yet."""
    warned: tuple[int, ...] = ()
    """Running runs whose warnings were shown."""


def news_file(home: Home) -> Path:
    return state_file(home, "news")


def load_cursor(path: Path) -> NewsCursor | None:
    """Read a cursor; None where it is missing or unreadable."""
    known = read_state(path)
    try:
        at = datetime.fromisoformat(known["at"])
        through = datetime.fromisoformat(known.get("through", known["at"]))
        warned = tuple(map(int, known["warned"]))
    except (ValueError, KeyError, TypeError):
        return None
    return NewsCursor(at, through, warned) if at.tzinfo and through.tzinfo else None


def save_cursor(path: Path, cursor: NewsCursor) -> None:
    """Write a cursor. Raises OSError."""
    times = {name: getattr(cursor, name).astimezone(UTC).isoformat() for name in ("at", "through")}
    write_state(path, {**times, "warned": sorted(cursor.warned)})
