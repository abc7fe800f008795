"""News since the user's last visit, read when the app opens and not shown again once seen."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engine.files.paths import Home
from tui.preferences.news_cursor import BEGINNING, NewsCursor, load_cursor, news_file, save_cursor
from tui.snapshot import Snapshot
from tui.store_calls import with_store
from tui.views.news_text import in_short, lines

if TYPE_CHECKING:
    from engine.analysis.news import News
    from engine.store.database import Store


@dataclass(frozen=True)
class SinceLastVisit:
    """Headline and lines of the news; `headline` is None where nothing happened, and at the first visit to a home."""

    headline: str | None
    lines: tuple[str, ...]


def read_since_last_visit(home: Home) -> SinceLastVisit:
    """Read the news from the store. Raises Refused."""
    cursor = load_cursor(news_file(home))
    if cursor is None:
        return SinceLastVisit(None, ())
    news = with_store(home, lambda store: _read(store, cursor))
    return SinceLastVisit(in_short(news, cursor.at), tuple(lines(news, cursor.at)))


def _read(store: "Store", cursor: NewsCursor) -> "News":
    from engine.queries.read_news import read_news

    with store.read() as session:
        return read_news(session, cursor.through, already_warned=cursor.warned)


def mark_seen(home: Home, snapshot: Snapshot) -> None:
    """Move the news cursor past the snapshot; where it cannot be written, the news are shown again."""
    path = news_file(home)
    before = load_cursor(path) or NewsCursor(BEGINNING, BEGINNING)
    through = max(before.through, snapshot.latest_end or BEGINNING)
    with contextlib.suppress(OSError):
        save_cursor(path, NewsCursor(datetime.now().astimezone(), through, snapshot.warned_running))
