"""Home's filter, order and columns."""

import contextlib
import os
import random
from collections.abc import Mapping
from typing import Any

import pytest
from pilots import SMALL, TALL, app, go_to, notified, opened, shown, statuses, table, until
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.queries import waiting
from engine.spec.grid import make_spec
from engine.store import listing, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.edits import notes_and_tags, order, pausing
from engine.store.edits.remove import remove
from engine.store.edits.undo import undo
from engine.store.errors import QueueError
from tui.feeds.run_table_feed import RunTableFeed
from tui.preferences.state import load_preferences
from tui.run_row import RunRow
from tui.views.run_list import TableQuery, arrange
from tui.widgets.filter_line import FilterLine


def home_rows(pilot: Pilot[Any]) -> Mapping[int, RunRow]:
    found: Mapping[int, RunRow] = table(pilot)._rows
    return found


async def test_the_filter_works_as_it_is_typed_and_the_cursor_stays_on_its_run(
    home: Home, study: Store
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 6)
        await pilot.press("slash", *"lr>0.05")
        await until(pilot, lambda: table(pilot).row_count == 1 and table(pilot).run_id == 6)
        assert shown(pilot, "#filter-says") == "1 of 8"
        await pilot.press("backspace", "backspace", "backspace", "backspace")
        await until(pilot, lambda: "give a number" in shown(pilot, "#filter-says"))
        assert table(pilot).row_count == 8  # the last that meant something: lr>0
        await pilot.press("enter")  # not with a text that means nothing
        assert not table(pilot).has_focus
        await pilot.press("0", "enter", "x")
        await until(pilot, lambda: table(pilot).row_count == 8 and "cannot be cancelled" in notified(pilot))
        await pilot.press("slash", "escape")
        await until(pilot, lambda: not pilot.app.screen.query_one(FilterLine).display)
        assert table(pilot).has_focus and table(pilot).run_id == 6


async def test_sorted_by_key_and_by_a_click_on_the_head(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        while table(pilot).table_query.sort != "best":
            await pilot.press("s")
        with study.read() as session:
            best = max(listing.list_runs(session), key=lambda run: run.best_acc or 0).id
        await pilot.press("g")
        assert table(pilot).run_id == best
        await pilot.press("S")
        assert table(pilot).table_query.reverse
        left = 1 + sum(column.width + 1 for column in table(pilot).columns[:2])
        await pilot.click("RunTable", offset=(left + 1, 0))
        await until(pilot, lambda: table(pilot).table_query.sort == "id")
        await pilot.press("g")
        assert table(pilot).run_id == 1
        await pilot.press("escape")
        assert table(pilot).table_query.sort == "queue"


async def test_metrics_are_chosen_as_columns_and_kept_for_the_next_start(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        assert "balanced_acc" not in {column.key for column in table(pilot).columns}
        await pilot.press("M", *"balanced", "space", "escape")
        await until(pilot, lambda: "balanced_acc" in {column.key for column in table(pilot).columns})
        await until(pilot, lambda: home_rows(pilot)[1].chosen)
        while table(pilot).table_query.sort != "balanced_acc":
            await pilot.press("s")
        await pilot.press("g")
        with study.read() as session:
            runs = listing.list_runs(session)
        best = max(runs, key=lambda run: (run.best_metrics or {}).get("balanced_acc", 0.0))
        assert table(pilot).run_id == best.id
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        assert table(pilot).table_query.sort == "balanced_acc" and table(pilot).run_id == best.id
        await pilot.press("slash", *"balanced_acc>.9", "enter")
        await until(pilot, lambda: table(pilot).row_count < 8)
        fitting = table(pilot).row_count
        await pilot.press("M", *"balanced", "space", "escape")
        await until(pilot, lambda: table(pilot).table_query.sort == "queue")
        assert "balanced_acc" not in {column.key for column in table(pilot).columns}
        assert table(pilot).row_count == fitting and table(pilot).table_query.terms, (
            "the filter needs no column"
        )


async def test_settings_are_columns_that_sort_and_filter_and_own_ones_are_hidden(
    home: Home, study: Store
) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        await pilot.press("M", *"image_size", "space", "escape")
        await until(pilot, lambda: "image_size" in {column.key for column in table(pilot).columns})
        await until(pilot, lambda: home_rows(pilot)[1].chosen)
        await pilot.press("slash", *"image_size>100000", "enter")
        await until(pilot, lambda: table(pilot).row_count == 0)
        await pilot.press("escape")
        await until(pilot, lambda: table(pilot).row_count == 8)
        await pilot.press("M", *"findings", "space", "space", "escape")
        await until(pilot, lambda: "findings" not in {column.key for column in table(pilot).columns})
    assert load_preferences(home).columns == "image_size,-findings"


async def test_pinned_runs_stay_on_top_also_at_the_next_start(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        last = table(pilot).shown[-1]
        await pilot.press("end", "b")
        await until(pilot, lambda: table(pilot).shown[0] == last)
        assert table(pilot).run_id == last, "the cursor goes with its run"
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        await until(pilot, lambda: table(pilot).shown[0] == last)
        await pilot.press("s", "g", "b")
        await until(pilot, lambda: not table(pilot).table_query.pinned)


async def test_ten_thousand_runs_are_a_list_like_any_other(home: Home) -> None:
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(10_000)])
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: table(pilot).row_count == 10_000)
        await pilot.press("end")
        assert table(pilot).run_id == 10_000
        await pilot.press("pageup", "slash", *"seed=77", "enter")
        await until(pilot, lambda: table(pilot).row_count == 1 and table(pilot).run_id == 78)
        await until(pilot, lambda: shown(pilot, "#title").startswith("#78 "))
    store.close()


@pytest.mark.parametrize("with_worker", [False, True])
def test_the_table_stands_in_the_queues_order_after_every_edit(home: Home, with_worker: bool) -> None:
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(8)])
    if with_worker:
        workers.register(store, pid=os.getpid(), device="cpu", device_name="x")
    feed, dice = RunTableFeed(home.database), random.Random(3)
    edits = (
        lambda run: order.move(store, [run], dice.choice(("up", "down", "top", "bottom"))),
        lambda run: order.set_priority(store, [run], dice.randrange(-1, 2)),
        lambda run: queue.ask(store, [run], "pause"),
        lambda run: pausing.resume(store, [run]),
        lambda _run: undo(store),
        lambda _run: add_runs(store, [make_spec({"data": "digits", "seed": dice.randrange(9**9)})]),
        lambda run: remove(store, home, [run]),
    )
    feed.poll(None)
    for _ in range(60):
        with contextlib.suppress(QueueError):
            dice.choice(edits)(dice.randrange(1, 9))
        snapshot = feed.poll(None) or feed._last
        with store.read() as session:
            queued, reasons = listing.queue_order(session), waiting.reasons(session)
        assert [each for each in arrange(snapshot.rows, TableQuery()) if each in reasons] == queued
        assert {each: snapshot.rows[each].remark for each in queued} == reasons
    assert pausing.pause_queue(store)
    assert {row.remark for row in feed.poll(None).rows.values() if row.status == "queued"} == {"queue paused"}
    assert pausing.resume_queue(store)
    notes_and_tags.set_note(store, list(statuses(store)), "written between two looks, as by a training")
    assert "queue paused" not in {row.remark for row in feed.poll(None).rows.values()}
    feed.close()
    store.close()
