"""A study in the folder in which the command line is called."""

from collections.abc import Iterator

import pytest
from shell import Shell
from studies import add_study

from engine.store.database import Store, open_store


@pytest.fixture
def study(shell: Shell) -> Iterator[Store]:
    store = open_store(f"sqlite:///{shell.home}/runs.db")
    add_study(store)
    yield store
    store.close()
