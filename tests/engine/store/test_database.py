"""Opening databases: ours, others', newer ones, broken ones; and the migrations."""

import contextlib
import sqlite3
import sys
from pathlib import Path

import new_schema
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

import engine.store.migrations
from engine.store import history, listing
from engine.store.database import Store, open_store
from engine.store.epoch_values import values_of_row
from engine.store.errors import StoreError
from engine.store.migrations import apply
from engine.store.ready_file import SCHEMA

pytestmark = pytest.mark.usefixtures("by_migrations")


@pytest.fixture
def db_url(tmp_path: Path) -> str:
    """SQLite alone: these tests are of its file and its migrations."""
    return f"sqlite:///{tmp_path / 'runs.db'}"


def test_the_other_tests_have_what_the_migrations_make(tmp_path: Path) -> None:
    contents = []
    for name, upgrade in (("migrated", new_schema.migrate), ("copied", new_schema.upgrade)):
        made = create_engine(f"sqlite:///{tmp_path / name}.db")
        upgrade(made, program_version="1.2")
        made.dispose()
        with contextlib.closing(sqlite3.connect(tmp_path / f"{name}.db")) as connection:
            contents.append(list(connection.iterdump()))
    assert contents[0] == contents[1] and any("1.2" in line for line in contents[0])


def test_migrations_lead_to_exactly_the_tables(store: Store) -> None:
    # The queue's index has a descending column, which Alembic cannot compare: the query plan shows it.
    options = {"include_object": lambda _object, name, *_rest: name != "ix_run_queue"}
    first = "SELECT id FROM run WHERE status = 'queued' ORDER BY priority DESC, position"
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {first}").all()
    assert "USING COVERING INDEX ix_run_queue" in str(plan) or "USING INDEX ix_run_queue" in str(plan)
    assert "TEMP B-TREE" not in str(plan)


def test_schema_number_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(engine.store.migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA


def test_the_program_may_lie_in_a_folder_with_a_percent_sign(
    tmp_path: Path, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "50%off"
    folder.symlink_to(Path(apply.__file__).parent)
    monkeypatch.setattr(apply, "__file__", str(folder / "apply.py"))
    open_store(db_url).close()


def test_a_database_of_the_first_release_keeps_its_epochs(db_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(engine.store.migrations.__file__).parent))
    old = create_engine(db_url)
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        run = {"spec": "{}", "spec_hash": "x", "data": "digits", "arch": "resnet18", "pretrained": "none"}
        counted = "changed priority position blocked lr epochs batch_size seed attempt failures max_attempts epoch step"
        numbers = dict.fromkeys([*counted.split(), "steps_per_epoch"], 1)
        texts = {"status": "done", "name": "", "note": "", "tags": "[]", "sweep": "", "class_names": "[]",
                 "environment": "{}", "created_at": "2026-01-01 00:00:00"}  # fmt: skip
        for table, row in (
            ("run", run | numbers | texts),
            (
                "epoch_metrics",
                {
                    "run_id": 1,
                    "epoch": 1,
                    "attempt": 1,
                    "test_acc": 0.5,
                    "macro_f1": 0.25,
                    "recall": "[]",
                    "answers": "[]",
                },  # fmt: skip
            ),
        ):
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
    old.dispose()
    store = open_store(db_url)
    with store.read() as session:
        [epoch] = history.epochs_of(session, 1)
        version = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
        run_now = listing.get_run(session, 1)
    store.close()
    assert version == SCHEMA
    assert (epoch.test_acc, epoch.ece, epoch.f1, epoch.images_seen_group) == (0.5, None, None, None)
    measured = values_of_row(epoch)
    assert (measured.number("macro_f1"), measured.number("auc"), measured.per_class("auc_per_class")) == (
        0.25,
        None,
        (),
    )
    assert run_now.best_metrics is None and run_now.last_metrics == {"test_acc": 0.5, "macro_f1": 0.25}


def test_pragmas(store: Store) -> None:
    with store.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_open_twice_keeps_what_is_there(db_url: str, store: Store) -> None:
    with store.write() as session:
        session.execute(text("UPDATE clock SET changed = 41"))
    again = open_store(db_url)
    with again.read() as session:
        assert session.execute(text("SELECT changed FROM clock")).scalar() == 41
    again.close()


def test_newer_database_is_refused_with_the_version_to_install(db_url: str, store: Store) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        session.execute(text("UPDATE clock SET program_version = '7.1'"))
    with pytest.raises(StoreError, match="newer resnet-tui: install resnet-tui 7.1 or newer"):
        open_store(db_url)


def test_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("dear diary, " * 100)
    with pytest.raises(StoreError, match="is not a resnet-tui database"):
        open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("dear diary")


def test_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title)")
        connection.execute("CREATE TABLE alembic_version (version_num)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="belongs to another program .*'alembic_version'"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_question_mark_in_a_folders_name_is_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "a?b").mkdir()
    open_store(f"sqlite:///{tmp_path}/a?b/runs.db").close()
    assert [path.name for path in tmp_path.iterdir()] == ["a?b"]
    assert (tmp_path / "a?b" / "runs.db").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (
            "sqlite:////nowhere/at/all/runs.db",
            "/nowhere/at/all does not exist: make it with mkdir -p /nowhere/at/all",
        ),
        ("sqlite:////sys/runs.db", "cannot be opened: check that its folder can be written"),
        ("runs.db", "is not a database URL"),
        ("nosuch://host/db", "is not a database URL"),
        ("sqlite://", "is not a database URL"),
        (
            "postgresql+nosuch://host/db",
            "names the driver nosuch: write it like postgresql://",
        ),
    ],
)
def test_unusable_urls_say_what_to_do(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        open_store(url)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(
        StoreError, match=r"//me:\*\*\*@host/db needs the driver psycopg, .* pip install"
    ) as caught:
        open_store("postgresql://me:secret@host/db")
    assert "secret" not in str(caught.value)


def test_reading_does_not_make_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run table at .*resnet-tui add"):
        open_store(f"sqlite:///{tmp_path / 'runs.db'}", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_taken_away_or_replaced_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    with contextlib.closing(open_store(f"sqlite:///{path}")) as store:
        before = store.which_file()
        assert before is not None and store.which_file() == before
        path.rename(tmp_path / "aside.db")
        with pytest.raises(StoreError, match="put it back"):
            store.which_file()
        path.write_bytes(b"")
        assert store.which_file() not in (None, before)
