"""Writers beside each other: what a reader finds of them, and who waits for whom."""

import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from postgres import Server
from sqlalchemy import func, select, text, update
from waiting import LIMIT_S, until

from engine.spec.grid import make_spec
from engine.store import history, listing, overview, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim, fence, write_fenced
from engine.store.clock import next_change, seen_change
from engine.store.database import Store, open_store
from engine.store.schema import clock_table

SPEC = make_spec({"data": "digits", "epochs": 3})
WRITERS, WRITES = 4, 40


@pytest.fixture
def server_store(postgres_server: Server) -> Iterator[Store]:
    store = open_store(postgres_server.empty_runs())
    yield store
    store.close()


def claimed(store: Store, count: int) -> list[Claim]:
    add_runs(store, [SPEC] * count)
    found = [
        queue.claim(store, workers.register(store, pid=1, device="cpu", device_name="test"))
        for _ in range(count)
    ]
    return [held for held in found if held is not None]


def in_thread(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_a_reader_finds_every_row_of_writers_that_commit_in_any_order(store: Store, db_url: str) -> None:
    held = claimed(store, WRITERS)
    done = threading.Event()
    found: dict[int, int] = {}

    def read(after: int) -> int:
        with store.read() as session:
            seen = seen_change(session)
            found.update({run.id: run.step for run in overview.changed_runs(session, after)})
        return seen

    def follow() -> None:
        after = -1
        while not done.is_set():
            after = read(after)
        read(after)

    def write(mine: Claim) -> None:
        chance, own = random.Random(mine.run_id), open_store(db_url)
        for step in range(1, WRITES + 1):
            with own.write_rows() as session:
                write_fenced(session, mine, changed=next_change(session), step=step)
                time.sleep(chance.random() / 500)  # commit after others that began later
        own.close()

    reader = in_thread(follow)
    writers = [in_thread(lambda mine=mine: write(mine)) for mine in held]  # type: ignore[misc]
    for thread in writers:
        thread.join(LIMIT_S)
    done.set()
    reader.join(LIMIT_S)
    assert found == dict.fromkeys(range(1, WRITERS + 1), WRITES)


def test_a_row_that_is_committed_after_later_ones_were_read_is_not_missed(server_store: Store) -> None:
    slow, quick = claimed(server_store, 2)
    with server_store.write_rows() as writing:
        write_fenced(writing, slow, changed=next_change(writing), step=7)
        history.record_progress(server_store, quick, step=9, images_per_s=None, losses=[])
        with server_store.read() as session:
            seen = seen_change(session)
            assert {run.id: run.step for run in overview.changed_runs(session, -1)} == {1: 0, 2: 9}
    with server_store.read() as session:
        assert {run.id: run.step for run in overview.changed_runs(session, seen)} == {1: 7, 2: 9}
        assert not list(overview.changed_runs(session, seen_change(session)))


def test_a_claim_passes_by_the_run_that_another_is_writing(server_store: Store) -> None:
    [first] = claimed(server_store, 1)
    add_runs(server_store, [SPEC] * 2)
    worker = workers.register(server_store, pid=1, device="cpu", device_name="test")
    with server_store.write_rows() as taking:
        taking.execute(text("UPDATE run SET note = 'taken' WHERE id = 2"))
        held = queue.claim(server_store, worker)
    assert held == Claim(3, 1) and queue.claim(server_store, worker) == Claim(2, 1)
    queue.renew(server_store, first)


def test_an_edit_waits_for_the_writes_of_rows_and_they_for_it(server_store: Store) -> None:
    [held] = claimed(server_store, 1)
    [waiting] = add_runs(server_store, [SPEC]).ids
    order: list[str] = []

    def cancel() -> None:
        queue.ask(server_store, [waiting], "cancel")
        order.append("edit")

    with fence(server_store, held):
        thread = in_thread(cancel)
        _until_one_waits(server_store)
        order.append("file")
    thread.join(LIMIT_S)
    assert order == ["file", "edit"]
    with server_store.write() as session:
        listing.queue_paused(session)
        thread = in_thread(lambda: order.append(str(queue.renew(server_store, held))))
        _until_one_waits(server_store)
        order.append("edit")
    thread.join(LIMIT_S)
    assert order[2:] == ["edit", "None"]


def test_a_claim_that_waited_for_an_edit_finds_what_the_edit_wrote(server_store: Store) -> None:
    add_runs(server_store, [SPEC])
    worker = workers.register(server_store, pid=1, device="cpu", device_name="test")
    found: list[Claim | None] = []
    with server_store.write() as session:
        session.execute(text("UPDATE clock SET queue_paused = true"))
        thread = in_thread(lambda: found.append(queue.claim(server_store, worker)))
        _until_one_waits(server_store)
    thread.join(LIMIT_S)
    assert found == [None]


def test_a_transaction_of_one_statement_takes_one_message(
    server_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    [held] = claimed(server_store, 1)
    queue.renew(server_store, held)
    answers: list[None] = []
    monkeypatch.setattr("engine.store.backends.pipelining.note_answer", lambda: answers.append(None))
    queue.renew(server_store, held)
    assert len(answers) == 1
    assert not queue.is_claimable(server_store, worker_id=1)
    assert len(answers) == 2


def test_a_single_statement_holds_the_lock_that_is_sent_before_it(server_store: Store) -> None:
    held = select(func.count()).select_from(text("pg_locks"))
    mine = text("locktype = 'advisory' AND granted AND pid = pg_backend_pid()")
    writing = update(clock_table).values(queue_paused=False)
    for _ in range(8):  # the driver has the server prepare it after some times
        row = server_store.write_one(writing.returning(held.where(mine).scalar_subquery()))
        assert row is not None and row[0] == 1
    with server_store.read() as session:
        assert session.execute(held.where(mine)).scalar() == 0


def _until_one_waits(store: Store) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")

    def found() -> bool:
        with store.engine.connect() as connection:
            return bool(connection.execute(waiting).scalar())

    until(found, what="somebody to wait")


def test_a_file_is_put_in_place_before_the_run_is_given_to_another(server_store: Store) -> None:
    """`fence` keeps the row: who would put the run back waits."""
    [held] = claimed(server_store, 1)
    order: list[str] = []

    def put_back() -> None:
        queue.put_back(server_store, held)
        order.append("put back")

    with fence(server_store, held):
        thread = in_thread(put_back)
        _until_one_waits(server_store)
        order.append("file")
    thread.join(LIMIT_S)
    assert order == ["file", "put back"]


def test_claims_at_once_take_each_run_once(server_store: Store, postgres_server: Server) -> None:
    add_runs(server_store, [SPEC] * 60)
    taken: list[int] = []

    def claim_all() -> None:
        own = open_store(server_store.engine.url.render_as_string(hide_password=False))
        worker = workers.register(own, pid=1, device="cpu", device_name="test")
        while held := queue.claim(own, worker):
            taken.append(held.run_id)
        own.close()

    for thread in [in_thread(claim_all) for _ in range(4)]:
        thread.join(LIMIT_S)
    assert sorted(taken) == list(range(1, 61))


def test_a_restored_dump_of_another_server_is_read_on(server_store: Store) -> None:
    """Its change numbers lie ahead of this server's."""
    add_runs(server_store, [SPEC] * 2)
    with server_store.write() as session:
        session.execute(text("UPDATE run SET changed = 1::bigint << 40 WHERE id = 1"))
    again = open_store(server_store.engine.url.render_as_string(hide_password=False))
    with again.read() as session:
        seen = seen_change(session)
        assert listing.get_run(session, 1).changed <= seen < 1 << 40
    queue.ask(again, [2], "pause")
    with again.read() as session:
        assert [run.id for run in overview.changed_runs(session, seen)] == [2]
    again.close()
