"""The store's tests run on a database of each kind, unless they open their own."""

from pathlib import Path

import pytest
from postgres import new_url

from engine.files.paths import Home
from engine.store import workers
from engine.store.database import Store


@pytest.fixture(params=["sqlite", "postgresql"])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind."""
    return new_url(request, request.param, tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.find(tmp_path)


@pytest.fixture
def worker(store: Store) -> int:
    return workers.register(store, pid=1, device="cpu", device_name="test")
