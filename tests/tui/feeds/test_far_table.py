"""The run table on a server that is far away: how often a feed waits for it, and how much it reads."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from postgres import Server
from slow_link import Carried, SlowLink, slow_link
from studies import add_study, train

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.edits.notes_and_tags import set_note
from tui import verbs
from tui.feeds import run_table_feed
from tui.feeds.compare_feed import CompareFeed
from tui.feeds.run_feed import RunFeed
from tui.feeds.run_table_feed import RunTableFeed
from tui.store_calls import with_store

FAR_S = 0.005
MANY = 10_000

pytestmark = pytest.mark.usefixtures("workers_stay")


@pytest.fixture
def link(postgres_server: Server) -> Iterator[SlowLink]:
    with slow_link(postgres_server.empty_runs(), FAR_S) as opened:
        yield opened


@pytest.fixture
def near(link: SlowLink, postgres_server: Server) -> Iterator[Store]:
    """The same table, for who writes."""
    with closing(open_store(postgres_server.runs)) as store:
        yield store


@pytest.fixture(autouse=True)
def no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, nobody looks for workers that died."""
    monkeypatch.setattr(run_table_feed, "LOOK_EVERY_S", float("inf"))


def cost(link: SlowLink, do: Callable[[], object]) -> Carried:
    before = link.carried
    do()
    return link.carried - before


def settled(link: SlowLink, run_id: int) -> RunTableFeed:
    """A feed that has read everything."""
    feed = RunTableFeed(link.url)
    while feed.poll(run_id) is not None:
        pass
    return feed


def test_where_nothing_changed_a_poll_is_one_query(link: SlowLink, near: Store) -> None:
    add_study(near)
    with closing(settled(link, 5)) as feed:
        polls = [cost(link, lambda: feed.poll(5)) for _ in range(10)]
        assert all(each.queries == 1 for each in polls)
        assert sum(each.round_trips for each in polls) <= 11  # once the query is prepared
        assert max(each.to_server + each.to_client for each in polls) < 400


def test_a_heartbeat_is_seen_in_three_round_trips(link: SlowLink, near: Store) -> None:
    worker = add_study(near)
    with closing(settled(link, 5)) as feed:
        workers.beat(near, worker, state="running", telemetry={"cpu_percent": 12.0})
        seen = cost(link, lambda: feed.poll(5))
        assert seen.round_trips <= 3 and seen.to_server + seen.to_client < 8_000


def test_progress_of_the_shown_run_reads_no_epoch_again(link: SlowLink, near: Store) -> None:
    worker = workers.register(near, pid=os.getpid(), device="cpu", device_name="test processor")
    add_runs(near, [make_spec({"data": "digits", "epochs": 500})])
    held = queue.claim(near, worker)
    assert held is not None
    train(near, held, 200, skill=0.5)
    with closing(settled(link, 1)) as feed:
        history.record_progress(near, held, step=4_001, images_per_s=99.0, losses=())
        seen = cost(link, lambda: feed.poll(1))
        assert seen.round_trips <= 4 and seen.to_client < 20_000
        assert feed.poll(1) is None


def test_a_poll_after_one_change_of_ten_thousand_runs(link: SlowLink, near: Store) -> None:
    """With half of them queued: neither they nor the ended ones are read again."""
    workers.register(near, pid=os.getpid(), device="cpu", device_name="test processor")
    add_runs(near, [make_spec({"data": "digits", "seed": seed}) for seed in range(MANY)])
    with near.write() as session:
        session.connection().exec_driver_sql("UPDATE run SET status = 'done' WHERE id > 5000")
    worker = workers.register(near, pid=os.getpid(), device="cpu", device_name="test processor")
    with closing(settled(link, 7_000)) as feed:
        queue.claim(near, worker)
        seen = cost(link, lambda: feed.poll(7_000))
        assert seen.round_trips <= 7 and seen.to_server + seen.to_client < 40_000
        last = feed.poll(6_000)
        assert last is not None and last.reasons is not None
        assert last.with_reason(last.rows[5_000]).remark == "4998 ahead"
        assert last.rows[1].status == "running" and last.counts == {
            "done": 5000,
            "queued": 4999,
            "running": 1,
        }


def test_compared_runs_are_polled_together(link: SlowLink, near: Store, tmp_path: Path) -> None:
    add_study(near)
    home, costs = Home.find(tmp_path, link.url), {}
    for compared in ((1, 2), (1, 2, 3, 4, 6, 8)):
        with closing(CompareFeed(home, [(run_id,) for run_id in compared])) as feed:
            first = cost(link, feed.poll)
            unchanged = [cost(link, feed.poll) for _ in range(8)]  # the query is prepared meanwhile
            set_note(near, compared, f"{len(compared)} at once")
            set_note(near, [5], "not compared")
            changed = cost(link, feed.poll)
        costs[len(compared)] = first.round_trips, unchanged[-1], changed.round_trips
    assert costs[2][0] <= 8 and costs[2][2] <= 6, costs
    assert costs[6][0] <= costs[2][0] and costs[6][2] <= costs[2][2], "six take as long as two"
    assert {each[1].queries for each in costs.values()} == {costs[2][1].queries}
    assert all(each[1].round_trips <= 2 for each in costs.values()), costs


def test_an_edit_does_not_open_the_server_again(link: SlowLink, near: Store, tmp_path) -> None:  # type: ignore[no-untyped-def]
    add_study(near)
    home = Home.find(tmp_path, link.url)
    with_store(home, lambda store: verbs.note(store, [1], "first"))
    seen = cost(link, lambda: with_store(home, lambda store: verbs.note(store, [1], "second")))
    assert seen.connections == 0 and seen.round_trips <= 11


def test_an_opened_run_that_does_not_change_is_not_read(link: SlowLink, near: Store, tmp_path) -> None:  # type: ignore[no-untyped-def]
    add_study(near)
    feed = RunFeed(Home.find(tmp_path, link.url), 2, with_group=True)
    feed.poll()
    seen = cost(link, feed.poll)
    assert seen.round_trips <= 3 and seen.to_client < 1_500
    feed.close()
