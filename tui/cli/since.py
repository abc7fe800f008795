"""A time in the past as people give it, and when a home's news were told last."""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.paths import Home, write_atomic
from tui.cli.output import CliError
from tui.text import plain

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Before all runs."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
EXAMPLES = "2h, 3d, yesterday, 18:00, 2026-05-12 or 2026-05-12T18:00"


def parse_since(text: str, now: datetime) -> datetime:
    """`2h`, `yesterday` and `today` (their midnight), `18:00` (the latest), or an ISO time; local unless it says
    otherwise. `now` is aware. Raises CliError."""
    words = text.strip().lower()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if words in ("today", "yesterday"):
        return midnight - timedelta(days=words == "yesterday")
    if match := re.fullmatch(r"(\d{1,6})\s*([smhdw])", words, re.ASCII):
        try:
            return _since(text, now - timedelta(seconds=int(match[1]) * UNITS[match[2]]), now)
        except OverflowError:  # before the year 1
            return BEGINNING
    if match := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", words, re.ASCII):
        at = midnight.replace(hour=int(match[1]), minute=int(match[2]))
        return at if at <= now else at - timedelta(days=1)
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CliError(f"--since: {plain(repr(text))} is no time: give {EXAMPLES}") from None
    return _since(text, given if given.tzinfo else given.replace(tzinfo=now.tzinfo), now)


def _since(text: str, time: datetime, now: datetime) -> datetime:
    if time > now:
        raise CliError(f"--since: {plain(text)} is not over yet: give a time in the past, such as {EXAMPLES}")
    return max(time, BEGINNING)


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
