"""Feed of Home."""

import threading
import time
from typing import Any

import pytest

from engine.files.paths import Home
from engine.store.answers import answered_at
from engine.store.errors import StoreError
from tui.feeds.home_feed import HomeFeed
from tui.store_calls import Refused


def test_loading_the_stores_modules_is_no_silence_of_its_server(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []

    def opened(*_: Any, **__: Any) -> None:
        seen.append(answered_at(threading.get_ident()))
        raise StoreError("it does not answer")

    monkeypatch.setattr("tui.feeds.run_table_feed.RunTableFeed", opened)
    before = time.monotonic()
    feed = HomeFeed(home, create=False, prefetched=None)
    with pytest.raises(Refused, match="does not answer"):
        feed.poll(None)
    assert seen[0] >= before
