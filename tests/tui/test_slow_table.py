"""The app over a run table that is far away, is cut off, comes back, or answers nothing."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pilots import SMALL, TALL, app, notified, opened, shown, table, toasts, until
from postgres import Server
from slow_link import SlowLink, slow_link
from studies import add_study
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.answers import note_answer
from engine.store.copying import copy_runs, reopen
from engine.store.database import Store, open_store
from engine.store.edits.notes_and_tags import set_note
from tui import background, slow_table
from tui.feeds.reader_thread import ReaderThread
from tui.screens.run import RunScreen
from tui.screens.workers import WorkersScreen

FAR_S = 0.005


@pytest.fixture
def link(postgres_server: Server) -> Iterator[SlowLink]:
    with slow_link(postgres_server.empty_runs(), FAR_S) as opened_link:
        yield opened_link


@pytest.fixture
def near(link: SlowLink, postgres_server: Server) -> Iterator[Store]:
    with closing(open_store(postgres_server.runs)) as store:
        add_study(store)
        yield store


@pytest.fixture
def far_home(home: Home, link: SlowLink) -> Home:
    return Home.find(home.root, link.url, cache=home.cache)


def banner(pilot: Pilot[Any]) -> str:
    line = pilot.app.screen.query_one("#banner")
    return shown(pilot, "#banner") if line.display else ""


def note_of(store: Store, run_id: int) -> str:
    with store.read() as session:
        return listing.get_run(session, run_id).note


async def sees(pilot: Pilot[Any], near: Store, note: str) -> None:
    """The app sees what others write."""
    set_note(near, [8], note)
    await until(pilot, lambda: pilot.app.screen.row_of(8).note == note)  # type: ignore[attr-defined]


async def test_a_connection_that_is_cut_is_said_and_the_app_goes_on_by_itself(
    far_home: Home, near: Store, link: SlowLink
) -> None:
    async with app(far_home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        link.cut()
        await until(
            pilot, lambda: "closed the connection" in banner(pilot) or "does not answer" in banner(pilot)
        )
        before = table(pilot).run_id
        await pilot.press("j")
        assert table(pilot).run_id != before and table(pilot).row_count == 8
        await pilot.press("slash", *"status:done", "enter")
        await until(pilot, lambda: table(pilot).row_count == 4)
        await pilot.press("escape")
        link.heal()
        await until(pilot, lambda: not banner(pilot))
        await sees(pilot, near, "after the cut")
        await pilot.press("g", "N", *"mine", "enter")
        await until(pilot, lambda: note_of(near, 5) == "mine")


async def test_the_workers_screen_says_since_when_the_server_is_away_and_that_it_is_back(
    far_home: Home, near: Store, link: SlowLink
) -> None:
    async with app(far_home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        link.cut()
        await until(pilot, lambda: "(since " in banner(pilot))
        await pilot.press("W")
        await until(pilot, lambda: isinstance(pilot.app.screen, WorkersScreen) and banner(pilot) != "")
        said = re.fullmatch(r"✖ .*(closed|answer).* \(since \d\d:\d\d:\d\d, \d+ s\)", banner(pilot))
        assert said is not None, banner(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, WorkersScreen)
        screen.show_problem("")  # as where the cards have been read
        assert "(since " in banner(pilot)
        link.heal()
        await until(pilot, lambda: not banner(pilot))
        await until(pilot, lambda: "the run table answers again: it did not for" in notified(pilot))


async def test_an_open_app_notices_that_the_runs_were_moved(
    far_home: Home, link: SlowLink, postgres_server: Server, tmp_path: Path
) -> None:
    with (
        closing(open_store(postgres_server.runs, may_have_moved=True)) as near,
        closing(open_store(f"sqlite:///{tmp_path / 'to.db'}")) as target,
    ):
        add_runs(near, [make_spec({"data": "digits"})])
        async with app(far_home).run_test(size=SMALL, notifications=True) as pilot:
            await until(pilot, lambda: table(pilot).row_count == 1)
            await pilot.press("N", *"kept", "enter")
            await until(pilot, lambda: note_of(near, 1) == "kept")
            copy_runs(near, target, "elsewhere")
            await until(pilot, lambda: "were moved to elsewhere" in banner(pilot))
            await pilot.press("N", *"lost", "enter")
            await until(pilot, lambda: "were moved to elsewhere" in notified(pilot))
            assert note_of(near, 1) == "kept"
            reopen(near)
            await until(pilot, lambda: not banner(pilot))


async def test_an_edit_that_a_cut_has_stopped_is_said(far_home: Home, near: Store, link: SlowLink) -> None:
    async with app(far_home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        link.cut()
        await pilot.press("N", *"lost", "enter")
        await until(pilot, lambda: "connection" in notified(pilot) or "does not answer" in notified(pilot))
        assert note_of(near, 5) == ""


async def test_a_table_that_answers_nothing_is_said_on_every_screen(
    far_home: Home, near: Store, link: SlowLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_table, "SILENT_S", 0.2)
    async with app(far_home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await until(pilot, lambda: shown(pilot, "#run-head"))
        link.fall_silent()
        await until(pilot, lambda: "no answer from the run table" in banner(pilot))
        await pilot.press("2", "1", "escape")
        assert "no answer from the run table" in banner(pilot)
        monkeypatch.setattr(slow_table, "SILENT_S", float("inf"))
        link.heal()
        await until(pilot, lambda: not banner(pilot))
        await sees(pilot, near, "after the silence")


async def test_a_key_whose_edit_takes_long_is_seen_to_be_under_way(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write, with_store = threading.Event(), background.with_store

    def slow(home: Home, edit: Callable[[Store], Any]) -> Any:
        may_write.wait(60)
        return with_store(home, edit)

    monkeypatch.setattr(background, "with_store", slow)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("p", "u")
        await until(pilot, lambda: slow_table.WRITING in toasts(pilot))
        may_write.set()
        await until(pilot, lambda: "undone" in notified(pilot))
        assert notified(pilot).count(slow_table.WRITING) == 1


async def test_an_edit_that_is_done_at_once_says_only_that(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_table, "WRITING_AFTER_S", 60.0)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("p")
        await until(pilot, lambda: notified(pilot))
        assert slow_table.WRITING not in notified(pilot)


def test_a_server_that_answers_is_not_silent_however_long_the_whole_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, seen = [1.0], list[float]()  # before the clock of the test below: threads may have the same number
    monkeypatch.setattr("tui.feeds.reader_thread.time.monotonic", lambda: now[0])

    def answer(_question: int) -> None:
        for _ in range(3):
            now[0] += 2.0
            note_answer()
            now[0] += 0.5
            seen.append(reader.waits_s)

    reader, ended = ReaderThread[int]("far", answer, pytest.fail, lambda: ended.set()), threading.Event()
    reader.ask(1)
    reader.stop()
    assert ended.wait(60) and seen == [0.5] * 3


def test_a_slow_source_is_asked_half_of_the_time_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now, answered = [100.0], threading.Event()
    monkeypatch.setattr("tui.feeds.reader_thread.time.monotonic", lambda: now[0])

    def answer(_question: int) -> None:
        assert reader.waits_s == 0.0
        now[0] += 2.0
        assert reader.waits_s == 2.0

    reader = ReaderThread[int]("slow", answer, pytest.fail, answered.set)
    assert reader.has_rested
    reader.ask(1)
    reader.stop()
    assert answered.wait(60)
    assert not reader.has_rested and reader.waits_s == 0.0
    now[0] += 1.9
    assert not reader.has_rested
    now[0] += 0.1
    assert reader.has_rested
