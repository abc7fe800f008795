"""Start of the tests of the app: a home on a host of a known name, and a study in it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from loop_guard import store_watched
from pilots import make_home
from studies import open_study

from engine.files.paths import Home
from engine.store.database import Store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Whoever runs the tests may have keys of their own: they are not read."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return make_home(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def store_on_the_event_loop() -> Iterator[list[str]]:
    """Whatever a test does in the app: threads use the store, never the event loop. Gives what is found otherwise."""
    with store_watched() as found:
        yield found
    assert found == []


@pytest.fixture
def study(home: Home) -> Iterator[Store]:
    with contextlib.closing(open_study(home.root / "runs.db")) as store:
        yield store
