"""Behaviour of each kind of database, seen from above: the same on both."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres import Server
from sqlalchemy import text
from sqlmodel import SQLModel
from studies import train

from engine.files.paths import Home
from engine.queries import waiting
from engine.queries.read_news import read_news
from engine.queries.throughput import past_runs
from engine.spec.grid import make_spec
from engine.store import listing, overview, queue, workers
from engine.store.add import add_runs
from engine.store.backends.postgresql import PostgresqlBackend
from engine.store.database import ChangeWatch, Store, backend_for, open_store, url_shown
from engine.store.edits.notes_and_tags import tag
from engine.store.edits.remove import remove
from engine.store.errors import StoreError

SPEC = make_spec({"data": "digits", "epochs": 3})


def test_a_number_is_not_given_again(store: Store, tmp_path: Path) -> None:
    add_runs(store, [SPEC] * 3)
    remove(store, Home.find(tmp_path), [2, 3])
    assert add_runs(store, [SPEC] * 2).ids == (4, 5)
    assert add_runs(store, []).ids == ()


def test_a_table_that_was_numbered_without_the_sequence_goes_on(postgres_server: Server) -> None:
    with_ids = "INSERT INTO run SELECT (jsonb_populate_record(run, '{\"id\": 41}')).* FROM run WHERE id = 1"
    store = open_store(postgres_server.empty_runs())
    add_runs(store, [SPEC])
    with store.write() as session:
        session.execute(text(with_ids.replace(":", "\\:")))
    assert add_runs(store, [SPEC] * 2).ids == (42, 43)
    store.close()


def test_another_connections_commit_moves_the_version(store: Store, db_url: str) -> None:
    other = open_store(db_url)
    watch = ChangeWatch(store)
    before = watch.version()
    with other.read() as session:
        listing.run_ids(session)
    assert watch.version() == before
    add_runs(other, [SPEC])
    assert watch.version() != before
    watch.close()
    other.close()


def test_what_is_read_in_one_transaction_is_of_one_moment(store: Store, db_url: str) -> None:
    other = open_store(db_url)
    with store.read() as session:
        assert listing.run_ids(session) == set()
        add_runs(other, [SPEC])
        assert listing.run_ids(session) == set()
    with store.read() as session:
        assert listing.run_ids(session) == {1}
    other.close()


def test_a_writer_waits_for_the_one_before_and_sees_what_it_wrote(store: Store, db_url: str) -> None:
    other, has_begun = open_store(db_url), threading.Event()
    seen: list[bool] = []

    def second() -> None:
        has_begun.set()
        with other.write() as session:
            seen.append(listing.queue_paused(session))

    thread = threading.Thread(target=second)
    with store.write() as session:
        session.execute(text("UPDATE clock SET program_version = 'x'"))
        thread.start()
        assert has_begun.wait(60)
        session.execute(text("UPDATE clock SET queue_paused = true"))
        assert seen == []
    thread.join(60)
    assert seen == [True]
    other.close()


def test_forecasts_news_and_lists_read_what_was_trained(store: Store) -> None:
    one = workers.register(store, pid=1, device="cpu", device_name="test")
    add_runs(store, [SPEC, SPEC], sweep="s")
    tag(store, [1], add=["a"])
    held = queue.claim(store, one)
    assert held is not None
    train(store, held, 3, skill=0.5)
    queue.end(store, held, "done")
    with store.read() as session:
        [past] = past_runs(session)
        found = read_news(session, datetime.now(UTC) - timedelta(hours=1))
        listed = list(overview.changed_runs(session, -1))
        assert waiting.waits(session).keys() == {2}
        assert listing.memory_peaks(session) == []
    assert past.data == "digits" and [run.id for run in found.done] == [1]
    assert sorted((run.id, run.tags) for run in listed) == [(1, ("a",)), (2, ())]


def test_migrations_lead_to_exactly_the_tables_on_postgresql(postgres_server: Server) -> None:
    store = open_store(postgres_server.empty_runs())
    options = {"include_object": lambda _object, name, *_rest: name != "ix_run_queue"}
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata) == []
    store.close()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ('connection failed: FATAL:  database "nosuch" does not exist', "does not exist: create it"),
        ('FATAL:  role "nobody" does not exist', "refuses this user"),
        ("fe_sendauth: no password supplied", "needs a password, and ~/.pgpass has none"),
        ("connection to server failed: Connection refused", "does not answer: check host and port"),
        ("canceling statement due to lock timeout", "is held by another program for over 30 s"),
        ("something\nelse", "host/db: something else"),
    ],
)
def test_a_servers_errors_say_what_to_do(error: str, says: str) -> None:
    said = backend_for("postgresql://me:secret@host/db").explain(error)
    assert says in said and "\n" not in said and "secret" not in said


def test_a_url_may_have_either_of_libpqs_schemes() -> None:
    assert backend_for("postgres://me@host/db").where == backend_for("postgresql://me@host/db").where


def test_a_url_is_shown_without_its_password() -> None:
    assert url_shown("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"
    assert url_shown("sqlite:///a:b@c.db") == "sqlite:///a:b@c.db"
    assert url_shown("runs.db") == "runs.db"
    assert url_shown("postgresql://me:sec:r@t@host:abc/db") == "postgresql://me:***@host:abc/db"
    libpq = "postgresql://host/db?sslmode=require&password={}&user=me&sslpassword={}"
    assert url_shown(libpq.format("s3cret", "s3cret")) == libpq.format("***", "***")


def test_no_message_has_a_password_that_is_a_parameter_of_the_url() -> None:
    backend = backend_for("postgresql://127.0.0.1:1/db?user=me&password=s3cret")
    assert "s3cret" not in backend.where and "password=***" in backend.where
    assert "s3cret" not in backend.explain("Connection refused")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (
            "postgresql://me:secret@host:abc/db",
            "the port in .*me:.*@host:abc/db' is not a number from 1 to 65535: write",
        ),
        ("postgresql://me@host:99999/db", "is not a number from 1 to 65535: write it like postgresql://"),
        ("postgresql://me@host:0/db", "is not a number from 1 to 65535"),
        ("postgresql://me@[::1/db", "is not a number from 1 to 65535"),
        ("mysql://me:secret@host:3306/db", "is not a database URL for runs: write it like sqlite:///runs.db"),
        ("postgresql://m\udcff@host/db", "is not a database URL for runs"),
        ("runs.db", "'runs.db' is not a database URL for runs"),
    ],
)
def test_a_url_that_is_wrong_is_refused_in_one_line(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as refused:
        backend_for(url)
    assert "secret" not in str(refused.value) and "\n" not in str(refused.value)


def test_a_database_that_is_not_there_is_named(postgres_server: Server) -> None:
    url = postgres_server.new_database()
    with pytest.raises(StoreError, match="/gone.* does not exist: create it with createdb"):
        open_store(url.replace("/runs_", "/gone_"))


def test_a_server_needs_no_driver_named() -> None:
    assert isinstance(backend_for("postgresql://host/db"), PostgresqlBackend)
