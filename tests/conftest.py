"""What several test files need."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab

from engine.store.database import Store, open_store


@pytest.fixture
def db_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


@pytest.fixture
def store(db_url: str) -> Iterator[Store]:
    opened = open_store(db_url)
    yield opened
    opened.close()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest file first, so that no core is left with it alone at the end."""
    items.sort(key=lambda item: item.path.name != "test_terminal.py")
