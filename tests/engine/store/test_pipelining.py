"""Statements that are sent together: as many round trips as the longest reading has statements."""

import threading
from collections.abc import Callable, Iterator

import pytest
from postgres import Server
from slow_link import SlowLink, slow_link
from sqlalchemy import text
from sqlmodel import Session

from engine.store.answers import answered_at
from engine.store.database import Store, open_store, read_together
from engine.store.errors import StoreError

FAR_S = 0.005
"""Each way: beyond what makes a server far away."""


@pytest.fixture
def link(postgres_server: Server) -> Iterator[SlowLink]:
    with slow_link(postgres_server.empty_runs(), FAR_S) as opened:
        yield opened


@pytest.fixture
def far(link: SlowLink) -> Iterator[Store]:
    store = open_store(link.url)
    yield store
    store.close()


def value(session: Session, number: int) -> int:
    return int(session.execute(text("SELECT :number + 0"), {"number": number}).scalar_one())


def chain(session: Session, length: int) -> int:
    """Read so many values, each after the one before."""
    found = 0
    for _ in range(length):
        found = value(session, found + 1)
    return found


def trips(link: SlowLink, do: Callable[[], object]) -> int:
    before = link.carried
    do()
    return (link.carried - before).round_trips


def test_readings_take_as_long_as_the_longest(far: Store, link: SlowLink) -> None:
    def read() -> None:
        with far.read() as session:
            found = read_together(
                session, *(lambda length=each: chain(session, length) for each in (1, 3, 2))
            )
        assert found == [1, 3, 2]

    assert trips(link, read) == 3 + 1  # and the transaction's end; its beginning goes with the first


def test_readings_inside_of_readings_ride_along(far: Store, link: SlowLink) -> None:
    def pair(session: Session) -> list[int]:
        found: list[int] = read_together(session, lambda: value(session, 1), lambda: chain(session, 2))
        return found

    def read() -> None:
        with far.read() as session:
            assert read_together(session, lambda: pair(session), lambda: chain(session, 2)) == [[1, 2], 2]

    assert trips(link, read) == 2 + 1


def test_all_see_the_same_state(far: Store, postgres_server: Server) -> None:
    seen = text("SELECT pg_current_snapshot()::text")
    with far.read() as session:
        first, second = read_together(session, *[lambda: session.execute(seen).scalar_one()] * 2)
        with open_store(postgres_server.new_database()).write() as other:
            other.execute(text("UPDATE clock SET changed = 1"))
        assert first == second == session.execute(seen).scalar_one()


def test_a_statement_that_fails_is_the_stores_error_and_the_next_reading_works(far: Store) -> None:
    with pytest.raises(StoreError, match="no_such_table"), far.read() as session:
        read_together(
            session, lambda: value(session, 1), lambda: session.execute(text("TABLE no_such_table"))
        )
    with far.read() as session:
        assert read_together(session, lambda: value(session, 1), lambda: value(session, 2)) == [1, 2]


def test_an_error_of_a_reading_is_raised_after_the_others_have_ended(far: Store) -> None:
    ended = []
    with pytest.raises(ZeroDivisionError), far.read() as session:
        read_together(session, lambda: 1 // 0, lambda: ended.append(chain(session, 2)))
    assert ended == [2]


def test_to_open_a_server_takes_few_round_trips(link: SlowLink) -> None:
    assert trips(link, lambda: open_store(link.url).close()) <= 10


def test_a_file_is_read_one_after_the_other(tmp_path) -> None:  # type: ignore[no-untyped-def]
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    with store.read() as session:
        assert read_together(session, lambda: chain(session, 2), lambda: value(session, 5)) == [2, 5]
    store.close()


def test_each_answer_is_noted_for_the_thread_that_waits_for_it(far: Store, link: SlowLink) -> None:
    """Also where several readings wait together; and none where the server is silent."""
    me = threading.get_ident()

    def heard() -> float:
        return answered_at(me)

    with far.read() as session:
        before = heard()
        value(session, 1)
        alone = heard()
        read_together(session, lambda: value(session, 1), lambda: value(session, 2))
        together = heard()
    ended = heard()
    link.cut()
    with pytest.raises(StoreError), far.read() as session:
        value(session, 1)
    assert before < alone < together <= ended == heard()
    assert answered_at(None) == 0.0
