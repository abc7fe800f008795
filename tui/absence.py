"""What happened while nobody looked: read once when the app opens, and remembered once it was seen."""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from engine.paths import Home
from engine.store.database import open_store
from engine.store.news import read_news
from tui.news_text import in_short, lines
from tui.snapshot import Snapshot
from tui.told import BEGINNING, Told, last_told, news_file, remember


@dataclass(frozen=True)
class Absence:
    """`headline` is None where nothing happened, or where nobody has looked at this home before."""

    headline: str | None
    lines: tuple[str, ...]


def look_back(home: Home) -> Absence:
    """Raises StoreError."""
    before = last_told(news_file(home))
    if before is None:
        return Absence(None, ())
    with contextlib.closing(open_store(home.database, create=False)) as store, store.read() as session:
        news = read_news(session, before.through, told=before.warned)
    return Absence(in_short(news, before.at), tuple(lines(news, before.at)))


def seen(home: Home, snapshot: Snapshot) -> None:
    """Remember that what is on the screen was seen. What cannot be written down is told again."""
    path = news_file(home)
    before = last_told(path) or Told(BEGINNING, BEGINNING)
    through = max(before.through, snapshot.latest_end or BEGINNING)
    with contextlib.suppress(OSError):
        remember(path, Told(datetime.now().astimezone(), through, snapshot.warned_running))
