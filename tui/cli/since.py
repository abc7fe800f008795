"""Parser of times in the past, as given to `news --since`."""

import re
from datetime import datetime, timedelta

from tui.cli.output import CliError
from tui.formatting import plain
from tui.preferences.news_cursor import BEGINNING

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
EXAMPLES = "2h, 3d, yesterday, 18:00, 2026-05-12 or 2026-05-12T18:00"


def parse_since(text: str, now: datetime) -> datetime:
    """Parse `2h`, `yesterday` and `today` (their midnight), `18:00` (the latest), or an ISO time.

    Times without a zone are local; `now` must be timezone-aware. Raises CliError."""
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
        raise CliError(f"--since: {plain(repr(text))} is not a time: give {EXAMPLES}") from None
    return _since(text, given if given.tzinfo else given.replace(tzinfo=now.tzinfo), now)


def _since(text: str, time: datetime, now: datetime) -> datetime:
    if time > now:
        raise CliError(
            f"--since: {plain(text)} is in the future: give a time in the past, such as {EXAMPLES}"
        )
    return max(time, BEGINNING)
