"""Writing beside the screen: in order, to the end, and without holding up who quits."""

import threading
from typing import Any

import pytest
from pilots import SMALL, app, notified, opened, until

from engine.files.paths import Home
from engine.store import listing
from engine.store.database import Store
from tui import background, open_app
from tui.app import ResnetTui
from tui.background import Background
from tui.preferences import state


def test_jobs_are_done_in_order_and_the_last_is_waited_for() -> None:
    may_go, done, crashed = threading.Event(), [], []  # type: ignore[var-annotated]
    jobs = Background("jobs", crashed.append)
    assert jobs.has_finished(0)
    jobs.submit(lambda: may_go.wait(60) and done.append(1))  # type: ignore[func-returns-value]
    jobs.submit(lambda: done.append(1 // 0))
    jobs.submit(lambda: done.append(2))
    assert not jobs.has_finished(0.01)
    may_go.set()
    assert jobs.has_finished()
    assert done == [1, 2] and isinstance(crashed[0], ZeroDivisionError)


async def test_who_quits_does_not_wait_for_an_edit_that_waits_for_a_lock(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write, with_store = threading.Event(), background.with_store

    def locked(home: Home, edit: Any) -> Any:
        may_write.wait(60)
        return with_store(home, edit)

    monkeypatch.setattr(background, "with_store", locked)
    usual = ResnetTui(home)
    async with usual.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("p", "q")
        await until(pilot, lambda: not usual.is_running)
    assert not usual.has_written(0.01)
    may_write.set()
    assert usual.has_written()
    with study.read() as session:
        assert listing.get_run(session, 5).request == "pause"


def test_an_end_that_waits_says_so(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ResnetTui, "run", lambda _self: None)
    answers = iter([False, True])
    monkeypatch.setattr(ResnetTui, "has_written", lambda _self, _patience_s=None: next(answers))
    assert open_app.run_app(home) == 0
    assert "an edit is still being written" in capsys.readouterr().err and next(answers, None) is None


async def test_preferences_are_written_by_another_thread_and_kept(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    write = state.write_atomic
    monkeypatch.setattr(
        state, "write_atomic", lambda *arguments: (threads.append(threading.get_ident()), write(*arguments))
    )
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("S", "T")
        await until(pilot, lambda: "theme: light" in notified(pilot))
    assert state.load_preferences(home) == state.Preferences("resnet-light", reverse=True)
    assert threads and threading.get_ident() not in threads
