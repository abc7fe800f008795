"""What happened while nobody looked: read once when the app opens, and remembered once it was seen."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engine.files.paths import Home
from tui.preferences.news_cursor import BEGINNING, Told, last_told, news_file, remember
from tui.snapshot import Snapshot
from tui.store_calls import with_store
from tui.views.news_text import in_short, lines

if TYPE_CHECKING:
    from engine.analysis.news import News
    from engine.store.database import Store


@dataclass(frozen=True)
class Absence:
    """`headline` is None where nothing happened, or where nobody has looked at this home before."""

    headline: str | None
    lines: tuple[str, ...]


def look_back(home: Home) -> Absence:
    """Raises Refused."""
    before = last_told(news_file(home))
    if before is None:
        return Absence(None, ())
    news = with_store(home, lambda store: _read(store, before))
    return Absence(in_short(news, before.at), tuple(lines(news, before.at)))


def _read(store: "Store", before: Told) -> "News":
    from engine.queries.read_news import read_news

    with store.read() as session:
        return read_news(session, before.through, told=before.warned)


def seen(home: Home, snapshot: Snapshot) -> None:
    """Remember that what is on the screen was seen. What cannot be written down is told again."""
    path = news_file(home)
    before = last_told(path) or Told(BEGINNING, BEGINNING)
    through = max(before.through, snapshot.latest_end or BEGINNING)
    with contextlib.suppress(OSError):
        remember(path, Told(datetime.now().astimezone(), through, snapshot.warned_running))
