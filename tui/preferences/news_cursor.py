"""When a home's news were told last: by `resnet-tui news`, or by the app."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.files.paths import Home
from tui.preferences.state import read_state, state_file, write_state

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Before all runs."""


@dataclass(frozen=True)
class Told:
    """When news were told last, and which running runs' warnings were among them."""

    at: datetime
    through: datetime
    """The latest end that was among them. Not `at`: an end that was being written then has an earlier time, and was not
    to be seen yet."""
    warned: tuple[int, ...] = ()


def news_file(home: Home) -> Path:
    return state_file(home, "news")


def last_told(path: Path) -> Told | None:
    """None where nothing was told yet, or what is there cannot be read."""
    known = read_state(path)
    try:
        at = datetime.fromisoformat(known["at"])
        through = datetime.fromisoformat(known.get("through", known["at"]))
        return Told(at, through, tuple(map(int, known["warned"]))) if at.tzinfo and through.tzinfo else None
    except (ValueError, KeyError, TypeError):
        return None


def remember(path: Path, told: Told) -> None:
    """Raises OSError."""
    times = {name: getattr(told, name).astimezone(UTC).isoformat() for name in ("at", "through")}
    write_state(path, {**times, "warned": sorted(told.warned)})
