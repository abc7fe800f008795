"""A large table: the first page at once, the rest in pieces, and in the end what one reading gives."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import text

from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.chosen import NOTHING, Chosen
from engine.store.database import Store, open_store
from engine.store.edits import order
from engine.store.edits.notes_and_tags import set_note
from tui.feeds import first_pages
from tui.feeds.run_table_feed import RunTableFeed
from tui.snapshot import Snapshot
from tui.views.group_by import REPETITIONS

RUNS = 60

pytestmark = pytest.mark.usefixtures("workers_stay")


@pytest.fixture
def store(db_url: str) -> Iterator[Store]:
    """40 runs that have ended, 20 of which 17 wait, one waits for another, one is paused and one is running."""
    with closing(open_store(db_url)) as opened:
        specs = [make_spec({"data": "digits", "seed": seed, "epochs": 2}) for seed in range(RUNS - 1)]
        add_runs(opened, specs)
        with opened.write() as session:
            session.execute(text(
                "UPDATE run SET status = 'done', ended_at = '2026-05-01 10:00:00' WHERE id % 3 != 0 OR id > 57"
            ))  # fmt: skip
            session.execute(text("UPDATE run SET status = 'queued' WHERE id = 59"))
        add_runs(opened, [make_spec({"data": "digits", "lr": 0.5})], after=[59])
        workers.register(opened, pid=os.getpid(), device="cpu", device_name="test processor")
        queue.claim(opened, 1)
        queue.ask(opened, [6], "pause")
        order.set_priority(opened, [57], 5)
        yield opened


@pytest.fixture
def paged(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LARGE_FILE": 10, "FAR": 5, "NEWEST": 4, "FIRST_PIECE": 11, "MOST_PIECE": 11}.items():
        monkeypatch.setattr(first_pages, name, value)


def whole(store: Store) -> Snapshot:
    with closing(RunTableFeed(f"sqlite:///{store.path}")) as feed:
        found = feed.poll(None)
    assert found is not None and not found.unread
    return found


def read_on(feed: RunTableFeed, last: Snapshot) -> list[Snapshot]:
    found = [last]
    while found[-1].unread:
        newest = feed.poll(None)
        assert newest is not None
        found.append(newest)
    return found


def alike(one: Snapshot, other: Snapshot) -> bool:
    return replace(one, rows=dict(one.rows)) == replace(other, rows=dict(other.rows))


def reasons(snapshot: Snapshot) -> dict[int, str]:
    return {run_id: snapshot.with_reason(row).remark for run_id, row in snapshot.rows.items()}


def test_in_the_end_all_is_as_one_reading_gives_it(store: Store, paged: None) -> None:
    with closing(RunTableFeed(f"sqlite:///{store.path}")) as feed:
        first = feed.poll(None)
        assert first is not None and first.unread > 0
        last = read_on(feed, first)[-1]
        assert feed.poll(None) is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_pages, "LARGE_FILE", RUNS)
        assert alike(last, whole(store)) and reasons(last) == reasons(whole(store))


def test_the_first_page_has_the_first_rows_their_reasons_and_all_totals(store: Store, paged: None) -> None:
    with closing(RunTableFeed(f"sqlite:///{store.path}")) as feed:
        first = feed.poll(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_pages, "LARGE_FILE", RUNS)
        everything = whole(store)
    assert first is not None and first.unread == RUNS - len(first.rows) and len(first.rows) == 10
    in_order = sorted(everything.rows.values(), key=lambda row: row.rank)
    page = sorted(first.rows.values(), key=lambda row: row.rank)
    # The settings that tell recipes apart are known when all recipes are.
    assert [row._replace(settings="") for row in page[:6]] == [
        row._replace(settings="") for row in in_order[:6]
    ]
    told, right = reasons(first), reasons(everything)
    assert all(told[row.id] == right[row.id] for row in in_order[:6])
    assert dict(first.counts) == dict(everything.counts) and first.latest_end == everything.latest_end
    assert first.detail is not None and first.detail.run_id == in_order[0].id and first.left_s is None


def test_runs_that_change_come_and_go_while_the_rest_is_read(store: Store, paged: None) -> None:
    """A change of a run that was read, and of one that was not; a new one; one that is claimed, one that is removed."""
    with closing(RunTableFeed(f"sqlite:///{store.path}")) as feed:
        first = feed.poll(None)
        assert first is not None
        set_note(store, [1, 58], "seen")
        add_runs(store, [make_spec({"data": "digits", "lr": 0.25})])
        queue.claim(store, 1)
        with store.write() as session:
            session.execute(text("DELETE FROM run WHERE id = 2"))
            session.execute(text("DELETE FROM run WHERE id = 55"))
        between = feed.poll(None)
        assert (
            between is not None and between.unread and 61 in between.rows and between.rows[58].note == "seen"
        )
        last = read_on(feed, between)[-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_pages, "LARGE_FILE", RUNS)
        assert alike(last, whole(store)) and reasons(last) == reasons(whole(store))


def test_groups_are_shown_when_all_their_runs_are_read(store: Store, paged: None) -> None:
    with closing(RunTableFeed(f"sqlite:///{store.path}")) as feed:
        first = feed.poll(None)
        assert first is not None and first.unread
        folded = feed.poll(None, group_by=REPETITIONS)
        assert folded is not None and not folded.unread
    with closing(RunTableFeed(f"sqlite:///{store.path}")) as feed:
        again = feed.poll(None, group_by=REPETITIONS)
        assert again is not None and again.groups == folded.groups and len(folded.groups) == 1


def test_values_that_are_asked_for_later_are_known_once_all_pieces_are_read(
    store: Store, paged: None
) -> None:
    asked = Chosen(settings=("weight_decay",))
    with closing(RunTableFeed(f"sqlite:///{store.path}")) as feed:
        first = feed.poll(None)
        assert first is not None
        before = read_on(feed, first)[-1]
        found, lacking = feed.poll(None, asked), []
        while found is None or found.chosen != asked:
            lacking.append(found)
            found = feed.poll(None, asked)
        assert len(lacking) > 1 and before.rows.keys() == found.rows.keys()
        assert all("weight_decay" in row.chosen for row in found.rows.values())
        told = [each for each in lacking if each is not None]
        assert told and all(each.chosen == NOTHING and not each.unread for each in told)
        assert any("weight_decay" not in row.chosen for row in told[-1].rows.values())
        assert feed.poll(None) is None and feed.poll(None, asked) is None, "what was read is not read again"


def test_a_table_read_with_its_values_from_the_start_knows_them_on_its_first_page(
    store: Store, paged: None
) -> None:
    asked = Chosen(("auc",), ("optimizer",))
    with closing(RunTableFeed(f"sqlite:///{store.path}")) as feed:
        first = feed.poll(None, asked)
        assert first is not None and first.unread and first.chosen == asked
        assert all(row.chosen == {"optimizer": "sgd"} for row in first.rows.values())
        other = feed.poll(None, Chosen(("mcc",), ("optimizer",)))
        assert other is not None and other.chosen == Chosen((), ("optimizer",))


def test_a_feed_goes_on_from_a_first_page(store: Store, paged: None) -> None:
    """As where another process has read it for the first frame."""
    with closing(RunTableFeed(f"sqlite:///{store.path}")) as feed:
        known = feed.poll(None)
    with closing(RunTableFeed(f"sqlite:///{store.path}", known=known)) as feed:
        found = feed.poll(None) or feed.poll(None)
        assert found is not None
        last = read_on(feed, found)[-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_pages, "LARGE_FILE", RUNS)
        assert alike(last, whole(store))


@pytest.mark.parametrize(
    ("size", "took_s", "follows"),
    [
        (2_000, 0.4, 5_000),
        (2_000, 0.0, 10_000),
        (10_000, 2.0, 5_000),
        (10_000, 60.0, 2_000),
        (5_000, 1.0, 5_000),
    ],
)
def test_a_piece_takes_about_a_second(size: int, took_s: float, follows: int) -> None:
    assert first_pages.next_size(size, took_s) == follows
