"""Alerts are tested on a database of each kind."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import new_url
from webhook import Webhook, webhook

from engine.store import workers
from engine.store.database import Store


@pytest.fixture(params=["sqlite", "postgresql"])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind."""
    return new_url(request, request.param, tmp_path)


@pytest.fixture
def worker(store: Store) -> int:
    return workers.register(store, pid=os.getpid(), device="cpu", device_name="test")


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as made:
        yield made
