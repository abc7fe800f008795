"""A home and a worker for the verbs that edit the queue."""

from pathlib import Path

import pytest

from engine.files.paths import Home
from engine.store import workers
from engine.store.database import Store


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.find(tmp_path)


@pytest.fixture
def worker(store: Store) -> int:
    return workers.register(store, pid=1, device="cpu", device_name="test")
