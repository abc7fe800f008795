"""PostgreSQL alone: clients that fall silent in the middle of a transaction, settings of the connection, statistics."""

import contextlib
from collections.abc import Iterator

import pytest
from postgres import Server
from sqlalchemy import text
from waiting import until

from engine.spec.grid import make_spec
from engine.store import listing
from engine.store.add import MANY, add_runs
from engine.store.database import Store, open_store
from engine.store.errors import StoreError

IMPATIENT = "-c%20idle_in_transaction_session_timeout%3D200ms"
SPEC = make_spec({"data": "digits"})


@contextlib.contextmanager
def opened(server: Server, options: str = "") -> Iterator[Store]:
    store = open_store(f"{server.empty_runs()}{options and f'&options={options}'}")
    yield store
    store.close()


def shown(store: Store, setting: str) -> str:
    with store.read() as session:
        return str(session.execute(text(f"SHOW {setting}")).scalar())


def test_a_writer_that_falls_silent_gives_up_its_locks_and_its_writes(postgres_server: Server) -> None:
    """It is a host that was cut off or a process that was suspended; another one writes meanwhile."""
    with opened(postgres_server, IMPATIENT) as silent, opened(postgres_server) as other:
        with pytest.raises(StoreError), silent.write() as session:
            session.execute(text("UPDATE clock SET queue_paused = true"))
            added = add_runs(other, [SPEC])  # waits until the server has ended the silent one's transaction
        with other.read() as session:
            assert [run.id for run in listing.list_runs(session)] == list(added.ids)
            assert not session.execute(text("SELECT queue_paused FROM clock")).scalar()
        until(lambda: add_runs(silent, [SPEC]).ids, what="the silent one to write again")


def test_the_server_knows_at_once_of_many_new_runs(postgres_server: Server) -> None:
    """Until its own count a minute later it would read all waiting runs for each claim."""
    counted = text("SELECT reltuples FROM pg_class WHERE oid = 'run'::regclass")
    with opened(postgres_server) as store:
        add_runs(store, [SPEC] * MANY)
        with store.read() as session:
            assert session.execute(counted).scalar() == MANY


def test_a_session_has_bounds_on_waiting_and_on_silence(postgres_server: Server) -> None:
    with opened(postgres_server) as store:
        assert shown(store, "idle_in_transaction_session_timeout") == "1min"
        assert shown(store, "lock_timeout") == "30s"


@pytest.mark.parametrize("way", ["URL", "PGOPTIONS"])
def test_settings_of_the_url_and_of_the_environment_go_first(
    postgres_server: Server, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=7s" if way == "PGOPTIONS" else "-c lock_timeout=9s")
    with opened(postgres_server, "-c%20lock_timeout%3D7s" if way == "URL" else "") as store:
        assert shown(store, "lock_timeout") == "7s"
        assert shown(store, "idle_in_transaction_session_timeout") == "1min"
