"""What happened while nobody looked: read once when the app opens, and remembered once it was seen."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.paths import Home
from engine.store.database import open_store
from engine.store.news import read_news
from tui.news_text import in_short, lines
from tui.told import Told, last_told, remember, state_file


@dataclass(frozen=True)
class Absence:
    """`headline` is None where nothing happened, or where nobody has looked at this home before."""

    headline: str | None
    lines: tuple[str, ...]
    told: Told
    path: Path

    def remember(self) -> None:
        """It was seen. What cannot be written down is told again."""
        with contextlib.suppress(OSError):
            remember(self.path, self.told)


def look_back(home: Home) -> Absence:
    """Raises StoreError."""
    path = state_file(home)
    before, now = last_told(path), datetime.now().astimezone()
    since = before or Told(now, now)
    with contextlib.closing(open_store(home.database, create=False)) as store, store.read() as session:
        news = read_news(session, since.through, told=since.warned)
    told = Told(now, news.latest_end or since.through, news.warned_running)
    if before is None:
        return Absence(None, (), told, path)
    return Absence(in_short(news, since.at), tuple(lines(news, since.at)), told, path)
