"""Stores that are lent: the file that was given back last is lent again as long as it is the same."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.store.database import Store, open_store
from engine.store.errors import StoreError
from tui.lent_stores import borrow_store, borrowed_store, close_resting, give_back


@pytest.fixture(autouse=True)
def none_rests() -> Iterator[None]:
    close_resting()
    yield
    close_resting()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    open_store(f"sqlite:///{tmp_path}/runs.db").close()
    return tmp_path / "runs.db"


def lent(path: Path) -> Store:
    return borrow_store(f"sqlite:///{path}")


def is_open(store: Store) -> bool:
    return bool(store.engine.pool.checkedin())  # type: ignore[attr-defined]


def test_a_file_is_lent_again_and_to_each_borrower_its_own(table: Path) -> None:
    first = lent(table)
    second = lent(table)
    assert first is not second
    give_back(first)
    assert is_open(first) and lent(table) is first
    assert lent(table) is not first


def test_one_file_rests_at_most(table: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    open_store(f"sqlite:///{other}").close()
    first, second = lent(table), lent(other)
    give_back(first)
    give_back(second)
    assert is_open(second) and not is_open(first)
    third = lent(table)
    assert third is not first and lent(other) is second


def test_another_file_of_that_name_is_opened_anew(table: Path) -> None:
    store = lent(table)
    give_back(store)
    shutil.copy(table, table.with_name("copy.db"))
    for each in table.parent.glob("runs.db*"):
        each.unlink()
    table.with_name("copy.db").rename(table)
    assert lent(table) is not store and not is_open(store)


def test_a_file_that_was_replaced_while_it_was_lent_does_not_rest_under_the_new_ones_number(
    table: Path,
) -> None:
    """Writes by it would be lost."""
    store = lent(table)
    shutil.copy(table, table.with_name("copy.db"))
    for each in table.parent.glob("runs.db*"):
        each.unlink()
    table.with_name("copy.db").rename(table)
    give_back(store)
    assert not is_open(store) and lent(table) is not store


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE clock SET moved_to = 'postgresql://host/runs'",
        "UPDATE alembic_version SET version_num = '9999'",
    ],
)
def test_a_table_that_moved_or_became_newer_is_refused_as_at_each_opening(table: Path, change: str) -> None:
    store = lent(table)
    with store.write() as session:
        session.execute(text(change))
    give_back(store)
    with pytest.raises(StoreError):
        lent(table)


def test_a_file_that_is_gone_or_broken_does_not_rest(table: Path) -> None:
    with pytest.raises(StoreError), borrowed_store(f"sqlite:///{table}") as store:
        raise StoreError("broken")
    assert not is_open(store)
    store = lent(table)
    for each in table.parent.glob("runs.db*"):
        each.unlink()
    give_back(store)
    assert not is_open(store)
    with pytest.raises(StoreError):
        lent(table)


def test_the_end_of_the_program_closes_it(table: Path) -> None:
    store = lent(table)
    give_back(store)
    close_resting()
    assert not is_open(store) and lent(table) is not store
