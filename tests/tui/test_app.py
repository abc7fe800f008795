"""The app driven by keys, without a terminal: every command, every screen, what is drawn after."""

import html
import threading
from typing import Any

import pytest
from pictures import draw
from pilots import SMALL, TALL, app, notified, opened, shown, table, until
from textual.widgets import Input
from waiting import LIMIT_S

from engine.files.paths import Home
from engine.hardware import processes, worker_start
from engine.spec.grid import load_spec
from engine.store import listing, queue
from engine.store.database import Store
from tui import commands
from tui.forms.form_report import queue_form
from tui.screens import new_run
from tui.screens.help import HelpScreen
from tui.screens.new_run import NewRunScreen


async def test_home_shows_the_highlighted_run_and_follows_the_cursor(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        assert "4 done  1 running  2 queued  1 failed" in shown(pilot, "#head")
        assert shown(pilot, "#title") == "#5 resnet50 · none · lr 1e-3 · fundus"
        await pilot.press("j", "j", "j")
        await until(pilot, lambda: shown(pilot, "#title").startswith("#6"))
        assert "failed: diverged" in shown(pilot, "#findings") and "smaller lr: 0.01" in shown(
            pilot, "#findings"
        )
        await pilot.press("end")
        await until(pilot, lambda: shown(pilot, "#title").startswith("#1 resnet18"))
        await pilot.press("k", "k")
        await until(pilot, lambda: shown(pilot, "#title").startswith("#3"))
        assert "collapsed" in shown(pilot, "#findings")
        await pilot.press("g")
        await until(pilot, lambda: shown(pilot, "#title").startswith("#5"))


async def test_rows_that_move_keep_the_cursor_on_its_run(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("j", "j")
        await until(pilot, lambda: table(pilot).run_id == 8)
        queue.ask(study, [8], "cancel")
        await until(pilot, lambda: "1 cancelled" in shown(pilot, "#head"))
        await until(pilot, lambda: table(pilot).cursor_row == 2 and table(pilot).run_id == 8)
        await pilot.resize_terminal(*TALL)
        await pilot.resize_terminal(60, 12)
        await until(pilot, lambda: bool(pilot.app.screen.query_one("#too-small").display))
        await pilot.resize_terminal(*SMALL)
        await until(pilot, lambda: table(pilot).run_id == 8)


async def test_cancel_asks_only_where_something_is_lost(home: Home, study: Store) -> None:
    def status(run_id: int) -> tuple[str, str | None]:
        with study.read() as session:
            run = listing.get_run(session, run_id)
        return run.status, run.request

    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("x", "n")
        assert status(5) == ("running", None)
        await pilot.press("x", "y")
        await until(pilot, lambda: status(5) == ("running", "cancel"))
        await until(pilot, lambda: "run 5: asked to stop" in notified(pilot))
        await pilot.press("j", "x")
        await until(pilot, lambda: status(7)[0] == "cancelled")
        await pilot.press("end", "x")
        await until(pilot, lambda: "run 1 is done: it cannot be cancelled" in notified(pilot))


async def test_form_warns_of_data_whose_groups_span_the_splits(home: Home, study: Store) -> None:
    for split, eye in (("train", "left"), ("test", "right")):
        for patient in range(4):
            draw(home.root / "eyes" / split / str(patient % 2) / f"{patient}_{eye}.png", 0, patient)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        pilot.app.screen.query_one("#data", Input).value = "eyes"
        await until(pilot, lambda: shown(pilot, "#data-says").startswith("✔ class folders in train, test"))
        await until(
            pilot, lambda: shown(pilot, "#summary").startswith("1 run, time not known yet   ⚠ groups span")
        )
        assert "   writes 136 MB, " in shown(pilot, "#summary")
        pilot.app.screen.query_one("#data", Input).value = "digits"
        await until(pilot, lambda: shown(pilot, "#summary").startswith("1 run, time not known yet   writes "))


async def test_form_says_what_is_wrong_beside_the_field_and_queues_a_grid(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        lr = pilot.app.screen.query_one("#lr", Input)
        lr.focus()
        lr.value = "1e-"
        await until(pilot, lambda: shown(pilot, "#lr-says") == "✖ '1e-' is not a number")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, NewRunScreen)
        assert lr.has_focus and lr.selected_text == "1e-"  # typing goes on in the field that is wrong
        await pilot.press("1", "e", "minus", "3", "comma", "0", "full_stop", "5")
        data = pilot.app.screen.query_one("#data", Input)
        data.value = "nowhere"
        await until(pilot, lambda: "does not exist" in shown(pilot, "#data-says"))
        data.value = "fundus"
        await until(pilot, lambda: shown(pilot, "#data-says") == "✔ built in")
        await until(pilot, lambda: shown(pilot, "#summary").startswith("2 runs"))
        arch = pilot.app.screen.query_one("#arch", Input)
        arch.value = "resnet18, resnet"
        arch.focus()
        await pilot.press("end", "5")
        await until(pilot, lambda: "'resnet5' is unknown: choose" in shown(pilot, "#arch-says"))
        await until(pilot, lambda: arch._suggestion == "resnet18, resnet50")
        await pilot.press("right")
        await until(pilot, lambda: shown(pilot, "#summary").startswith("4 runs"))
        lr.focus()
        await pilot.press("enter")
        await until(pilot, lambda: "queued #9 to #12" in notified(pilot))
        await until(pilot, lambda: table(pilot).row_count == 12)
    with study.read() as session:
        added = [load_spec(run.spec) for run in listing.list_runs(session, ids=range(9, 13))]
    assert [(spec.arch, spec.lr, spec.data) for spec in added] == [
        ("resnet18", 1e-3, "fundus"), ("resnet18", 0.5, "fundus"),
        ("resnet50", 1e-3, "fundus"), ("resnet50", 0.5, "fundus"),
    ]  # fmt: skip


async def test_enter_pressed_twice_queues_once(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Event()

    def slow(*arguments: Any, **named: Any) -> Any:
        started.wait(LIMIT_S)
        return queue_form(*arguments, **named)

    monkeypatch.setattr(new_run, "queue_form", slow)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        await until(pilot, lambda: shown(pilot, "#summary").startswith("1 run"))
        await pilot.press("enter", "enter")
        started.set()
        await until(pilot, lambda: not isinstance(pilot.app.screen, NewRunScreen))
        await until(pilot, lambda: table(pilot).row_count == 9)
    with study.read() as session:
        assert len(listing.run_ids(session)) == 9


async def test_a_worker_that_dies_in_silence_goes_from_the_screen(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "test processor" in shown(pilot, "#strip"))
        monkeypatch.setattr(processes, "is_alive", lambda _pid, _since: False)
        await until(pilot, lambda: "no worker" in shown(pilot, "#strip"))


async def test_form_flags_repeats_and_escape_queues_nothing(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        pilot.app.screen.query_one("#epochs", Input).value = "4"
        await until(pilot, lambda: "1 repeats an earlier run" in shown(pilot, "#summary"))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, NewRunScreen))
    with study.read() as session:
        assert len(listing.run_ids(session)) == 8


async def test_an_empty_home_names_the_next_key(home: Home) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: "no runs yet" in shown(pilot, "#head"))
        assert pilot.app.screen.query_one("#empty").display
        assert "press n" in shown(pilot, "#empty") and "press w" in shown(pilot, "#strip")


async def test_readonly_changes_nothing(home: Home, study: Store) -> None:
    async with app(home, readonly=True).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("n", "x", "w")
        await until(pilot, lambda: notified(pilot).count("is read-only") == 3)
    with study.read() as session:
        assert listing.get_run(session, 5).request is None


async def test_a_database_that_cannot_be_read_is_a_banner_and_comes_back(home: Home) -> None:
    path = home.root / "runs.db"
    path.write_text("not a database " * 100)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: "is not a resnet-tui database" in shown(pilot, "#banner"))
        path.unlink()
        await until(pilot, lambda: "no runs yet" in shown(pilot, "#head"))
        assert not pilot.app.screen.query_one("#banner").display


async def test_a_worker_is_started_once_and_its_failure_is_told(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = "while [ ! -e may-fail ]; do sleep .05; done; echo no card here; exit 2"
    monkeypatch.setattr(worker_start, "worker_command", lambda _home, **_: ["/bin/sh", "-c", waits])
    with study.write() as session:
        session.connection().exec_driver_sql("UPDATE worker SET state = 'gone'")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await until(pilot, lambda: shown(pilot, "#strip") == "no worker: press w to start one")
        await pilot.press("w")
        await until(pilot, lambda: shown(pilot, "#strip") == "a worker is starting …")

        def reason() -> str:
            snapshot = pilot.app._home_screen.snapshot  # type: ignore[attr-defined]
            return str(snapshot.with_reason(snapshot.rows[8]).remark)

        await until(pilot, lambda: reason() == "a worker is starting")
        (home.root / "may-fail").touch()
        await until(pilot, lambda: "worker started" in notified(pilot) and "no card here" in notified(pilot))
        await until(pilot, lambda: reason() == "no worker" and "press w" in shown(pilot, "#strip"))


async def test_a_second_worker_is_not_started(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_start, "start_worker", lambda _home: pytest.fail("started"))
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        assert "test processor  97 %" in shown(pilot, "#strip") and "#5" in shown(pilot, "#strip")
        await pilot.press("w")
        await until(pilot, lambda: "a worker is there already" in notified(pilot))


async def test_hostile_names_are_shown_as_text(home: Home, study: Store) -> None:
    with study.write() as session:
        hostile = "[bold red]x[/] \x1b[2J \u202e"
        session.connection().exec_driver_sql(
            "UPDATE run SET name = ?, error = ?, changed = 999", (hostile, hostile)
        )
        session.connection().exec_driver_sql("UPDATE clock SET changed = 999")
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        assert "[bold red]x[/] \\x1b[2J \\u202e" in shown(pilot, "#title")
        screen = pilot.app.export_screenshot()
        assert "\x1b" not in screen and "\u202e" not in screen


async def test_a_refused_form_quotes_what_was_typed_and_shows_no_toast(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        pilot.app.screen.query_one("#data", Input).value = "[/]\x1b"
        await until(pilot, lambda: "does not exist" in shown(pilot, "#data-says"))
        await pilot.press("enter")
        await until(pilot, lambda: shown(pilot, "#summary").startswith("✖ nothing is queued: data: "))
        assert "/[/] does not exist" in shown(pilot, "#summary") and not pilot.app.screen.query("Toast")


async def test_every_command_has_a_key_an_action_and_a_line_of_help(home: Home) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await until(pilot, lambda: "no runs yet" in shown(pilot, "#head"))
        home_screen = pilot.app.screen
        for command in commands.HOME:
            assert callable(home_screen.handlers()[command.id])
            assert command.keys.split(",")[0] in home_screen._bindings.key_to_bindings
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))

        def unseen() -> list[str]:
            page = html.unescape(pilot.app.export_screenshot()).replace("\xa0", " ")
            return [command.help for command in commands.HOME if command.help not in page]

        await until(pilot, lambda: not unseen())
        await pilot.press("q")
        await until(pilot, lambda: pilot.app.screen is home_screen)
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_a_table_that_is_taken_away_is_told_and_not_made_anew(home: Home, study: Store) -> None:
    path, aside = home.root / "runs.db", home.root / "aside.db"
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        path.rename(aside)
        await until(pilot, lambda: "no run table at" in shown(pilot, "#banner"))  # at first: put it back
        assert table(pilot).row_count == 8
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        await until(pilot, lambda: "no run table at" in shown(pilot, "#summary"))
        await pilot.press("enter")
        await until(
            pilot, lambda: shown(pilot, "#summary").startswith("✖ nothing is queued: no run table at")
        )
        assert not path.exists()
        await pilot.press("escape")
        aside.rename(path)
        await until(pilot, lambda: not pilot.app.screen.query_one("#banner").display)
