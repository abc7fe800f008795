"""Whether a run table in a file is sure to open, told without the store's libraries."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.store import ready_file
from engine.store.database import Store, open_store
from engine.store.ready_file import is_ready


def changed(statement: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with sqlite3.connect(path) as connection:
            connection.execute(statement)
        connection.close()

    return change


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a ? b#.db"
    open_store(f"sqlite:///{made}").close()
    return made


def test_a_table_of_this_program_is_ready_used_or_not(path: Path) -> None:
    assert is_ready(path)
    store: Store = open_store(f"sqlite:///{path}")
    with store.write():
        assert is_ready(path)
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        changed("UPDATE alembic_version SET version_num = '0001'"),
        changed("UPDATE clock SET moved_to = 'postgresql://there/runs'"),
        changed("DROP TABLE clock"),
        changed("PRAGMA journal_mode = DELETE"),
        lambda path: path.chmod(0o640),
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no table" * 1000),
    ],
    ids=["older", "moved", "damaged", "network", "shared", "none", "empty", "other"],
)
def test_it_is_not_told_of_what_opens_with_work_or_a_message(
    path: Path, change: Callable[[Path], None]
) -> None:
    change(path)
    there = path.exists()
    assert not is_ready(path) and path.exists() == there


def test_it_is_not_told_in_a_network_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready_file, "file_system_of", lambda _folder: "nfs4")
    assert not is_ready(path)
