"""A study in the folder in which the command line is called."""

from collections.abc import Iterator

import pytest
from shell import Shell
from studies import open_study

from engine.store.database import Store


@pytest.fixture
def study(shell: Shell) -> Iterator[Store]:
    store = open_study(shell.home / "runs.db")
    yield store
    store.close()
