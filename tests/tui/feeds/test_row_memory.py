"""Memory of a run in the app's list, in bytes of the objects that it alone keeps: ten thousand have to fit."""

import gc
import sys

import pytest
from sqlalchemy import text

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.store.overview import Listed, changed_runs
from tui.feeds.run_table_feed import RunTableFeed

RUNS, WAITING = 400, 10
MOST_BYTES = 700
"""Of a row: 540 are its tuple of 31 values, its place in the queue and its numbers."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Runs of few recipes, nearly all of which have ended."""
    home = Home.find(tmp_path_factory.mktemp("home"))
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(RUNS)], sweep="many")
    with store.write() as session:
        session.execute(
            text(f"UPDATE run SET status = 'done', headline = 'a finding' WHERE id <= {RUNS - WAITING}")
        )
    store.close()
    return home


def bytes_of(root: object) -> int:
    """Add up the objects that plain containers lead to, each once."""
    found: dict[int, object] = {}
    left = [root]
    while left:
        each = left.pop()
        if id(each) not in found:
            found[id(each)] = each
            left += [*each, *each.values()] if isinstance(each, dict) else []
            left += each if isinstance(each, tuple | list | set) else []
    return sum(map(sys.getsizeof, found.values()))


def test_a_row_of_the_table_takes_few_bytes(home: Home) -> None:
    feed = RunTableFeed(home.database)
    snapshot = feed.poll(None)
    feed.close()
    assert snapshot is not None and len(snapshot.rows) == RUNS
    assert bytes_of(snapshot.rows) / RUNS < MOST_BYTES


def test_of_runs_that_have_ended_the_feed_keeps_the_rows_alone(home: Home) -> None:
    feed = RunTableFeed(home.database)
    feed.poll(None)
    kept = [each for each in gc.get_objects() if isinstance(each, Listed) and each.sweep == "many"]
    feed.close()
    assert len(kept) == WAITING


def test_equal_texts_of_runs_are_one_object(home: Home) -> None:
    store = open_store(home.database)
    with store.read() as session:
        listed = list(changed_runs(session, -1))
    store.close()
    for name in Listed._fields:
        values = {id(value): value for each in listed if isinstance(value := getattr(each, name), str)}
        assert len(values) == len(set(values.values())), name
