"""Runs that need a certain worker."""

import itertools
from pathlib import Path

import pytest
from shell import Shell
from stored_runs import SPEC, get

from engine.queries import waiting
from engine.spec.grid import make_spec
from engine.store import listing, needs, queue, workers
from engine.store.add import Batch, add_batches
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits.order import set_needs
from engine.store.edits.undo import undo
from engine.store.errors import QueueError
from engine.store.needs import Needs, needs_of, parse_needs
from engine.store.tables import Worker


def add(store: Store, *each: Needs) -> None:
    add_batches(store, [Batch([SPEC], needs=one) for one in each])


def test_words_are_read_and_written() -> None:
    assert parse_needs(["memory=40,host=gpu03", "tag=a100"]) == Needs(40.0, "gpu03", "a100")
    assert parse_needs([]) == Needs() and Needs().words() == ""
    assert Needs(1.5, "gpu03", "a100").words() == "memory=1.5 host=gpu03 tag=a100"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("disk=4", "'disk=4' is no need: give memory=GIB, host=NAME or tag=WORD"),
        ("memory", "'memory' is no need"),
        ("host=", "'host=' is no need"),
        ("memory=much", "memory=much is no memory of a card: give GiB, such as memory=40"),
        ("memory=-1", "memory=-1 is no memory"),
        ("memory=nan", "memory=nan is no memory"),
        ("memory=inf", "memory=inf is no memory"),
        ("tag=a b", "'a b' is no tag: give one word"),
        ("tag=a,tag=b", "tag is given twice: give one"),
    ],
)
def test_other_words_are_refused(given: str, says: str) -> None:
    with pytest.raises(QueueError, match=says):
        parse_needs([given])


def test_a_worker_takes_what_it_may_and_leaves_the_rest(store: Store) -> None:
    """The condition in SQL and the one in Python, which words the waiting reason, agree."""
    here = workers.processes.host_name()
    every = [
        Needs(*each) for each in itertools.product((0.0, 24.0, 40.0), ("", here, "elsewhere"), ("", "a", "b"))
    ]
    add(store, *every)
    one = workers.register(
        store, pid=1, device="cuda:0", device_name="test", memory_gb=24.0, tags=["a", "ab"]
    )
    taken = []
    while held := queue.claim(store, one):
        taken.append(held.run_id)
    with store.read() as session:
        row = session.get(Worker, one)
        assert row is not None and needs.tags_of(row) == ("a", "ab")
        left = listing.lacking(session, [row])
        reasons = waiting.reasons(session)
    assert taken == [number for number, each in enumerate(every, 1) if each.met_by(row)]
    assert len(taken) == 2 * 2 * 2 and left.keys() == set(range(1, len(every) + 1)) - set(taken)
    assert reasons[len(every)] == "no worker with memory=40 host=elsewhere tag=b"


def test_a_worker_on_the_cpu_has_no_card_to_offer(store: Store, worker: int) -> None:
    add(store, Needs(needs_memory_gb=1.0), Needs())
    assert queue.claim(store, worker) == Claim(2, 1) and queue.claim(store, worker) is None


def test_needs_are_changed_while_a_run_waits_and_taken_back(store: Store, worker: int) -> None:
    add(store, Needs(needs_tag="a"))
    set_needs(store, [1], Needs(needs_host="gpu03"))
    assert needs_of(get(store, 1)) == Needs(needs_host="gpu03")
    undone = undo(store)
    assert undone is not None and needs_of(get(store, 1)) == Needs(needs_tag="a")
    set_needs(store, [1], Needs())
    assert queue.claim(store, worker) == Claim(1, 1)
    with pytest.raises(QueueError, match="run 1 is running: only a waiting run has needs"):
        set_needs(store, [1], Needs(needs_tag="b"))


def test_from_the_shell(tmp_path: Path, shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--needs", "memory=40", "--needs", "tag=a100") == 0
    assert shell("ls", "--json") == 0 and '"needs": "memory=40 tag=a100"' in shell.out
    assert shell("clone", "1", "--lr", "0.5") == 0
    assert shell("needs", "1", "host=gpu03") == 0 and shell.err.strip() == "run 1: needs host=gpu03"
    assert shell("ls", "--json") == 0
    assert shell.out.count('"needs": "host=gpu03"') == 1 == shell.out.count('"needs": "memory=40 tag=a100"')
    assert shell("needs", "1", "none") == 0
    assert "'gpu=2' is no need" in shell.refuses("add", "--data", "digits", "--needs", "gpu=2")


@pytest.mark.parametrize(
    ("need", "tag", "fits"),
    [("a_100", "ab100", False), ("%", "x", False), ("A100", "a100", False), ("a%", "a%", True)],
)
def test_a_tag_is_a_word_and_no_pattern(store: Store, need: str, tag: str, fits: bool) -> None:
    add(store, Needs(needs_tag=need))
    worker = workers.register(store, pid=1, device="cpu", device_name="test", tags=[tag])
    assert (queue.claim(store, worker) is not None) == fits
    with store.read() as session:
        row = session.get(Worker, worker)
        assert row is not None and Needs(needs_tag=need).met_by(row) == fits


def test_what_two_workers_have_apart_is_missing_and_nobody_waits_for_it(store: Store) -> None:
    add_batches(
        store, [Batch([make_spec({"data": "digits", "precision": "fp16"})], needs=Needs(needs_tag="a"))]
    )
    card = Worker(id=1, host="x", pid=1, pid_started="", device="cuda:0")
    tagged = Worker(id=2, host="x", pid=2, pid_started="", device="cpu", tags=",a,")
    with store.read() as session:
        assert listing.lacking(session, [card, tagged]) == {1: "cuda and tag=a"}
        assert listing.lacking(session, [card]) == {1: "tag=a"}
        assert listing.lacking(session, [tagged]) == {1: "cuda"}
        assert listing.lacking(session, []) == {1: "cuda and tag=a"}
        assert listing.pending(session) == [], "`--drain` does not wait for it"
