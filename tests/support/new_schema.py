"""The schema of a new run table, made by the migrations once in a process and copied from then on: a hundredth of the
time, in hundreds of tests."""

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from engine.store.backends.sqlite import SqliteBackend
from engine.store.migrations import apply

migrate = apply.upgrade
"""The function that the program calls."""


def upgrade(engine: Engine, *, program_version: str) -> None:
    """Do what `migrate` does."""
    with engine.execution_options(immediate=True).begin() as connection:
        is_new = engine.dialect.name == "sqlite" and _is_empty(connection)
        if is_new:
            for statement in _statements():
                connection.exec_driver_sql(statement)
            connection.execute(
                text("UPDATE clock SET program_version = :version"), {"version": program_version}
            )
    if not is_new:
        migrate(engine, program_version=program_version)


def _is_empty(connection: Connection) -> bool:
    return not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()


@cache
def _statements() -> tuple[str, ...]:
    """Statements that make an empty database one that the migrations have made."""
    with tempfile.TemporaryDirectory() as folder:
        backend = SqliteBackend(Path(folder, "runs.db"))
        engine = backend.make_engine(create=True)
        migrate(engine.execution_options(**backend.write_options), program_version="")
        with engine.connect() as connection:
            dump = tuple(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
        engine.dispose()
    return tuple(each for each in dump if each not in ("BEGIN TRANSACTION;", "COMMIT;"))
