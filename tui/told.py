"""When a home's news were told last: by `resnet-tui news`, or by the app."""

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.paths import Home, write_atomic

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


def state_file(home: Home) -> Path:
    """Where a home's news are remembered, in the user's XDG state folder."""
    base = os.environ.get("XDG_STATE_HOME") or ""
    folder = Path(base) if os.path.isabs(base) else Path.home() / ".local" / "state"
    digest = hashlib.sha256(home.database.encode(errors="surrogateescape")).hexdigest()[:16]
    return folder / "resnet-tui" / f"news-{digest}.json"


def last_told(path: Path) -> Told | None:
    """None where nothing was told yet, or what is there cannot be read."""
    try:
        known = json.loads(path.read_text())
        at = datetime.fromisoformat(known["at"])
        through = datetime.fromisoformat(known.get("through", known["at"]))
        return Told(at, through, tuple(map(int, known["warned"]))) if at.tzinfo and through.tzinfo else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(path: Path, told: Told) -> None:
    """Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    times = {name: getattr(told, name).astimezone(UTC).isoformat() for name in ("at", "through")}
    write_atomic(path, json.dumps({**times, "warned": sorted(told.warned)}).encode())
