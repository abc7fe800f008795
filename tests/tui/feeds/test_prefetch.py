"""The app's start: a process that looks while the app loads, and what the app makes of it."""

import contextlib
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from pilots import app, opened, shown, table, until
from waiting import LIMIT_S

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import overview
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.edits.remove import remove
from engine.store.errors import StoreError
from engine.store.overview import Listed
from engine.store.status import ENDED
from tui.feeds import prefetch
from tui.feeds.prefetch import FirstLook, Prefetch
from tui.feeds.run_table_feed import RunTableFeed
from tui.feeds.since_last_visit import SinceLastVisit, read_since_last_visit
from tui.preferences.state import Preferences, save_preferences
from tui.screens.home import HomeScreen
from tui.snapshot import Snapshot

CALL = """
import json, sys
from pathlib import Path
from engine.files.paths import Home
from tui.feeds import prefetch
prefetched = prefetch.start(Home.find(Path(sys.argv[1])), create=sys.argv[2] == "create")
assert not any(name.startswith(("sqlalchemy", "pydantic", "textual")) for name in sys.modules)
try:
    has_opened = prefetched.has_opened()
except prefetch.CannotOpen as problem:
    print(json.dumps(str(problem)))
    sys.exit()
look = prefetched.result()
detail = look.snapshot.detail
print(json.dumps([has_opened, sorted(look.snapshot.rows), detail.title if detail else None]))
"""


def begin(home: Home, how: str = "look") -> "subprocess.CompletedProcess[str]":
    """In a process of its own, for this one has threads. Gives whether the store was opened, the runs and a title; or
    why it could not be opened."""
    return subprocess.run(
        [sys.executable, "-c", CALL, str(home.root), how], capture_output=True, text=True, timeout=LIMIT_S
    )


def look_at(home: Home) -> FirstLook:
    with contextlib.closing(RunTableFeed(home.database)) as feed:
        snapshot = feed.poll(None)
    assert snapshot is not None
    return FirstLook(snapshot, read_since_last_visit(home))


class Seen(Prefetch):
    """A look that is there already."""

    def __init__(self, look: FirstLook | str | None) -> None:
        self._look = look

    def has_opened(self) -> bool:
        return True

    def result(self) -> FirstLook | str | None:
        return self._look


# What the process sees


def test_it_sees_what_the_feed_sees_and_loads_nothing_of_it_here(home: Home, study: Store) -> None:
    done = begin(home)
    detail = look_at(home).snapshot.detail
    assert detail is not None and not done.stderr
    assert json.loads(done.stdout) == [True, [1, 2, 3, 4, 5, 6, 7, 8], detail.title]


def test_in_detail_it_has_the_first_run_of_the_order_that_the_user_left(home: Home, study: Store) -> None:
    save_preferences(home, Preferences(sort="best"))
    assert json.loads(begin(home).stdout)[2].startswith("#4 ")
    save_preferences(home, Preferences(sort="id", reverse=False))
    assert json.loads(begin(home).stdout)[2].startswith("#1 ")


def test_where_there_is_no_table_it_makes_one_or_says_why_not(home: Home) -> None:
    done = begin(home)
    assert json.loads(done.stdout).startswith("no run table at ")
    assert not done.stderr and not list(home.root.iterdir())
    assert json.loads(begin(home, "create").stdout) == [True, [], None]


def test_a_ready_file_is_said_to_open_before_the_libraries_are_there(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, said = io.BytesIO(), []

    def refuse(_database: str, *, create: bool) -> None:
        said.append(output.getvalue())
        raise StoreError("gone meanwhile")

    monkeypatch.setattr("tui.feeds.run_table_feed.RunTableFeed", refuse)
    prefetch._report(home, output, create=False)
    assert said == [prefetch.OPENED]
    assert pickle.loads(output.getvalue()[1:]) == "gone meanwhile"  # the app shows it
    output = io.BytesIO()
    home.database_file.chmod(0o644)  # type: ignore[union-attr]
    prefetch._report(home, output, create=False)
    assert said[1:] == [b""] and output.getvalue() == prefetch.REFUSED + b"gone meanwhile"


def test_a_looker_that_is_killed_has_seen_nothing() -> None:
    reading, writing = os.pipe()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    os.write(writing, b"o\x80\x05cut")
    os.close(writing)
    prefetched = Prefetch(child.pid, os.fdopen(reading, "rb"))
    assert prefetched.has_opened()
    prefetched.cancel()
    assert prefetched.result() is None
    prefetched.cancel()  # its number may be another's by now
    assert child.wait() in (0, -signal.SIGTERM)


# What the app makes of it


async def test_it_is_shown_before_the_feed_is_there_and_the_feed_goes_on_from_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of queued runs without a worker: no forecast, and no sign of life that grows old, changes what is shown while a
    busy machine takes its time."""
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(8)])
    may_read, polls, showings = threading.Event(), [], []
    poll, show = RunTableFeed.poll, HomeScreen.show

    def late(self: RunTableFeed, run_id: int | None, metrics: Sequence[str], **more: Any) -> Snapshot | None:
        may_read.wait(LIMIT_S)
        polls.append(run_id)
        return poll(self, run_id, metrics, **more)

    def counted(self: HomeScreen, snapshot: Snapshot) -> None:
        showings.append(snapshot)
        show(self, snapshot)

    look = look_at(home)
    monkeypatch.setattr(RunTableFeed, "poll", late)
    monkeypatch.setattr(HomeScreen, "show", counted)
    async with app(home, prefetched=Seen(look)).run_test(size=(120, 40)) as pilot:
        try:
            await opened(pilot)
            assert table(pilot).row_count == 8 and not polls
        finally:
            may_read.set()
        await until(pilot, lambda: len(polls) > 2)
        assert len({id(each) for each in showings}) == 1, "what is known already was read and told again"
        remove(store, home, [8])
        await until(pilot, lambda: table(pilot).row_count == 7)
    store.close()


async def test_where_nothing_was_seen_the_app_looks_itself(home: Home, study: Store) -> None:
    async with app(home, prefetched=Seen(None)).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        assert table(pilot).row_count == 8


async def test_why_it_could_not_be_read_is_said_until_it_can(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_read, poll = threading.Event(), RunTableFeed.poll

    def late(self: RunTableFeed, *what: Any, **more: Any) -> Snapshot | None:
        may_read.wait(LIMIT_S)
        return poll(self, *what, **more)

    monkeypatch.setattr(RunTableFeed, "poll", late)
    async with app(home, prefetched=Seen("the table is locked")).run_test(size=(120, 40)) as pilot:
        try:
            await until(pilot, lambda: "the table is locked" in shown(pilot, "#banner"))
        finally:
            may_read.set()
        await until(pilot, lambda: table(pilot).row_count == 8)
        await until(pilot, lambda: not pilot.app.screen.query_one("#banner").display)


async def test_a_table_that_comes_back_as_it_was_takes_the_banner_away(home: Home, study: Store) -> None:
    path, aside = home.root / "runs.db", home.root / "aside.db"
    async with app(home, prefetched=Seen(look_at(home))).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        study.close()
        path.rename(aside)
        path.write_text("not a database " * 100)
        await until(pilot, lambda: "is not a resnet-tui database" in shown(pilot, "#banner"))
        path.unlink()
        aside.rename(path)
        await until(pilot, lambda: not pilot.app.screen.query_one("#banner").display)


async def test_what_happened_meanwhile_is_said_from_the_look(home: Home, study: Store) -> None:
    look = FirstLook(look_at(home).snapshot, SinceLastVisit("since Monday: 3 ended", ("#1 done",)))
    async with app(home, prefetched=Seen(look)).run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "since Monday: 3 ended" in shown(pilot, "#news"))


def test_of_what_is_known_only_runs_that_have_not_ended_are_read_again(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, read = look_at(home).snapshot, overview.changed_runs
    again: list[Listed] = []

    def reading(*arguments: Any, **more: Any) -> Iterator[Listed]:
        again.extend(found := list(read(*arguments, **more)))
        return iter(found)

    monkeypatch.setattr(overview, "changed_runs", reading)
    with contextlib.closing(RunTableFeed(home.database, known=known)) as feed:
        feed.poll(None)
    unended = {row.id for row in known.rows.values() if row.status not in ENDED}
    assert {run.id for run in again} == unended != known.rows.keys()


def test_of_another_run_table_nothing_is_known(home: Home, study: Store) -> None:
    known = look_at(home).snapshot
    assert known.read_to is not None
    stale = replace(known, rows={each: row._replace(name="stale") for each, row in known.rows.items()})
    other = replace(stale, read_to=((0, 0), *known.read_to[1:]))
    with contextlib.closing(RunTableFeed(home.database, known=other)) as feed:
        found = feed.poll(None)
        assert found is not None and not [row for row in found.rows.values() if row.name == "stale"]


def test_a_feed_goes_on_from_what_is_known(home: Home, study: Store) -> None:
    known = look_at(home).snapshot
    assert known.detail is not None
    with contextlib.closing(RunTableFeed(home.database, known=known)) as feed:
        other = feed.poll(1)  # another run in detail: all else is as it was
        assert other is not None and all(other.rows[each] is known.rows[each] for each in known.rows)
    remove(study, home, [8])
    with contextlib.closing(RunTableFeed(home.database, known=known)) as feed:
        later = feed.poll(None)
        assert later is not None and later.rows.keys() == known.rows.keys() - {8}
