"""A table of several people: whose a run is, who may edit it, and turns in the queue."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from postgres import new_url
from shell import Shell
from sqlalchemy import text
from stored_runs import SPEC, ended, get

from engine.files.paths import Home
from engine.hardware import processes
from engine.queries import waiting
from engine.queries.queue_reasons import QueueReasons
from engine.store import listing, people, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store
from engine.store.edits import order
from engine.store.edits.notes_and_tags import set_note
from engine.store.edits.undo import undo
from engine.store.errors import QueueError
from engine.store.tables import Worker


@pytest.fixture
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """On a server: a file is its owner's alone."""
    return new_url(request, "postgresql", tmp_path)


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Go on as another user."""

    def become(name: str) -> None:
        monkeypatch.setattr(people, "user_name", lambda: name)

    return become


def queued(store: Store) -> list[str]:
    """The owner of each queued run, in the queue's order."""
    with store.read() as session:
        return [listing.get_run(session, run_id).user_name for run_id in listing.queue_order(session)]


def test_runs_and_workers_are_their_users(store: Store, be) -> None:  # type: ignore[no-untyped-def]
    be("ann")
    add_runs(store, [SPEC])
    worker = workers.register(store, pid=1, device="cpu", device_name="test")
    with store.read() as session:
        assert get(store, 1).user_name == "ann"
        row = session.get(Worker, worker)
        assert row is not None and row.user_name == "ann"


def test_a_run_of_another_is_left_alone_unless_forced(store: Store, be) -> None:  # type: ignore[no-untyped-def]
    be("ann")
    add_runs(store, [SPEC] * 2)
    order.set_priority(store, [1], 3)
    be("bob")
    mine = add_runs(store, [SPEC]).ids[0]
    for act in (
        lambda: queue.ask(store, [mine, 1], "cancel"),
        lambda: set_note(store, [1], "x"),
        lambda: order.move(store, [2], "bottom"),
    ):
        with pytest.raises(QueueError, match=r"run [12] is ann's: leave it, or .* --force"):
            act()
    assert get(store, mine).status == "queued" and get(store, 1).note == ""
    undone = undo(store)
    assert undone is not None and undone.restored == [mine]
    assert undo(store) is None, "ann's edits are hers to undo"
    with people.forcing():
        queue.ask(store, [1], "cancel")
    assert get(store, 1).status == "cancelled"
    with pytest.raises(QueueError, match="run 2 is ann's"):
        queue.ask(store, [2], "cancel")


def test_a_run_of_an_earlier_version_is_everybodys(store: Store, be) -> None:  # type: ignore[no-untyped-def]
    add_runs(store, [SPEC])
    with store.write() as session:
        session.execute(text("UPDATE run SET user_name = ''"))
    be("bob")
    queue.ask(store, [1], "cancel")


def test_users_take_turns(store: Store, be) -> None:  # type: ignore[no-untyped-def]
    be("ann")
    add_runs(store, [SPEC] * 4)
    be("bob")
    add_runs(store, [SPEC] * 2)
    assert "".join(name[0] for name in queued(store)) == "ababaa"
    add_runs(store, [SPEC] * 3)
    assert "".join(name[0] for name in queued(store)) == "ababababb"
    be("eve")
    add_runs(store, [SPEC] * 2)
    assert "".join(name[0] for name in queued(store)) == "abeabeababb"
    add_runs(store, [SPEC], priority=1)
    assert "".join(name[0] for name in queued(store)) == "eabeabeababb"
    with store.read() as session:
        order, owners = listing.queue_order(session), people.owners_of_queue(session)
        queue = QueueReasons(order, owners=owners)
        reasons = [queue.of(run_id) for run_id in order]
    assert reasons[:3] == ["next", "1 ahead, in turn with eve", "2 ahead, in turn with ann, eve"]


def test_alone_new_runs_stand_behind_all_others(store: Store) -> None:
    add_runs(store, [SPEC] * 2)
    order.move(store, [2], "top")
    add_runs(store, [SPEC] * 2)
    with store.read() as session:
        assert listing.queue_order(session) == [2, 1, 3, 4]
        assert list(waiting.reasons(session).values()) == ["no worker"] * 4


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_added_each_users_order_is_kept_and_nobody_is_passed_by(
    store: Store,
    be,
    seed: int,  # type: ignore[no-untyped-def]
) -> None:
    """After each run of mine at most one of each other user's that were there waits until my next; also where the
    gaps between positions are used up."""
    chance = random.Random(seed)
    for _ in range(25):
        be(chance.choice(["ann", "bob", "eve"]))
        add_runs(store, [SPEC] * chance.randint(1, 3))
    with store.read() as session:
        ids = listing.queue_order(session)
        owners = [listing.get_run(session, run_id).user_name for run_id in ids]
    for name in set(owners):
        mine = [run_id for run_id, owner in zip(ids, owners, strict=True) if owner == name]
        assert mine == sorted(mine)
    turns: Counter[str] = Counter()
    for place, owner in enumerate(owners):
        turns[owner] += 1
        waiting_still = {each for each in owners[place + 1 :]}
        assert all(turns[owner] <= turns[other] + 1 for other in waiting_still - {owner}), owners


def test_in_the_shell(shell: Shell, db_url: str, be) -> None:  # type: ignore[no-untyped-def]
    be("ann")
    assert shell("add", "--data", "digits", "--db", db_url) == 0
    be("bob")
    assert "run 1 is ann's" in shell.refuses("cancel", "1", "--db", db_url)
    assert shell("cancel", "1", "--force", "--db", db_url) == 0
    assert shell("ls", "--json", "--db", db_url) == 0
    [run] = json.loads(shell.out)["runs"]
    assert (run["user"], run["status"]) == ("ann", "cancelled")
    assert "run 1 is ann's" in shell.refuses("note", "1", "no longer forced", "--db", db_url)
    refused = shell.refuses("undo", "--db", db_url)
    assert "the newest edit is 'cancel run 1', and run 1 is ann's" in refused
    be("ann")
    assert shell("undo", "--db", db_url) == 1 and "add" in shell.out + shell.err, "bob's edit was undone"


def test_workers_and_files_of_another_are_left_alone_unless_forced(
    shell: Shell,
    db_url: str,
    be,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    """The worker is on another host, so that it is asked through the run table."""
    be("ann")
    with monkeypatch.context() as patch:
        patch.setattr(processes, "host_id", lambda: "elsewhere/1")
        workers.register(store, pid=1, device="cpu", device_name="test")
    assert shell("add", "--data", "digits", "--db", db_url) == 0
    ended(store, 1)
    be("bob")
    assert shell("add", "--data", "digits", "--db", db_url) == 0
    home = Home.find(shell.home, db_url)
    for run_id in (1, 2):
        home.run(run_id).folder.mkdir(parents=True)
        home.run(run_id).last.write_bytes(b"x" * 2_000_000)
    ended(store, 1)

    assert shell("workers", "ls", "--json", "--db", db_url) == 0
    assert json.loads(shell.out)["workers"][0]["user"] == "ann"
    assert shell("workers", "stop", "1", "--db", db_url) == 1
    assert shell.err.startswith("worker 1 is ann's: leave it, or stop it all the same with")
    assert shell("workers", "stop", "1", "--force", "--db", db_url) == 0
    assert "worker 1 on" in shell.err and "is asked to stop" in shell.err
    assert shell("prune", "--yes", "--db", db_url) == 0
    assert "run 1: 2.0 MB kept, because they are other users'" in shell.err
    assert home.run(1).last.exists() and not home.run(2).last.exists()
    assert shell("prune", "--yes", "--force", "--db", db_url) == 0
    assert not home.run(1).last.exists()
    assert shell("ls", "--sort", "user", "--db", db_url) == 0
    head, *rows = shell.out.splitlines()
    assert head.split()[:3] == ["id", "status", "user"] and [row.split()[2] for row in rows] == ["ann", "bob"]


def test_a_file_is_its_owners_by_whatever_name(shell: Shell, be) -> None:  # type: ignore[no-untyped-def]
    be("root")
    assert shell("add", "--data", "digits") == 0
    be("ann")
    assert shell("add", "--data", "digits") == 0 and shell("cancel", "1") == 0
    assert shell("ls", "--json") == 0
    assert [run["user"] for run in json.loads(shell.out)["runs"]] == ["", ""]


def test_runs_of_an_earlier_version_keep_their_places(store: Store, be) -> None:  # type: ignore[no-untyped-def]
    be("ann")
    add_runs(store, [SPEC] * 3)
    with store.write() as session:
        session.execute(text("UPDATE run SET user_name = ''"))
    add_runs(store, [SPEC])
    be("bob")
    add_runs(store, [SPEC] * 2)
    with store.read() as session:
        assert listing.queue_order(session) == [1, 2, 3, 4, 5, 6]
        assert "in turn with ," not in str(waiting.reasons(session))
