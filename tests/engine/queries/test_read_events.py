"""Events of the last days: ends by time, warnings of running runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from engine.analysis.news import Events
from engine.queries.read_events import read_events, version_of_events
from engine.spec.grid import make_spec
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.schema import run_table

NOW = datetime.now(UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    add_runs(store, [make_spec({"data": "digits", "lr": lr}) for lr in (0.1, 0.2, 0.3, 0.4)])
    for number, days in ((1, 1), (2, 3), (3, 30)):
        put(store, number, status="done", ended_at=NOW - timedelta(days=days))
    return store


def put(store: Store, number: int, **values: object) -> None:
    with store.write() as session:
        session.execute(update(run_table).where(run_table.c.id == number).values(values))


def events(store: Store, most: int = 9) -> Events:
    with store.read() as session:
        return read_events(session, NOW - timedelta(days=7), most)


def test_ends_stand_latest_first_and_the_older_ones_are_counted(store: Store) -> None:
    assert [run.id for run in events(store).ended] == [1, 2] and events(store).more == 0
    assert [run.id for run in events(store, 1).ended] == [1] and events(store, 1).more == 1


def test_a_running_run_stands_apart_once_it_has_a_grave_finding(store: Store) -> None:
    put(store, 4, status="running", verdict="learning", headline="it learns", severity="note")
    assert not events(store).warned
    put(store, 4, verdict="collapse", headline="constant_prediction", severity="error")
    assert [run.id for run in events(store).warned] == [4]


def test_the_version_moves_with_each_event(store: Store) -> None:
    def version() -> object:
        with store.read() as session:
            return version_of_events(session, NOW - timedelta(days=7))

    first = version()
    assert version() == first
    put(store, 4, status="failed", ended_at=NOW)
    second = version()
    put(store, 1, ended_at=None, status="queued")
    assert len({first, second, version()}) == 3
