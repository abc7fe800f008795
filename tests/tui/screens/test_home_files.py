"""Keys that write files from runs: report, export and predictions, each by its verb in a process."""

import sys
from pathlib import Path
from typing import Any

import pytest
from pilots import SMALL, app, go_to, notified, opened, shown, toasts, until
from textual.pilot import Pilot
from textual.widgets import Input

from engine.files.paths import Home
from engine.store.database import Store
from tui import open_file, verb_process
from tui.cli import run as run_cli
from tui.screens import file_actions, task_screen
from tui.screens.file_actions import free_name
from tui.screens.home import HomeScreen
from tui.screens.task_screen import TaskScreen
from tui.screens.text_prompt import AskScreen
from tui.verb_process import VerbCall, VerbFailed, give_verb, verb_command

MAKES = """
import pathlib, sys
out = pathlib.Path(sys.argv[1]); out.parent.mkdir(parents=True, exist_ok=True)
print("report: figure 1 of 2", file=sys.stderr, flush=True)
out.write_text("page")
print(out, file=sys.stderr)
"""
PREDICTS = """
import sys
print("image,answer,score")
print("2 images, 9/s\\n1 could not be used", file=sys.stderr)
sys.exit(1)
"""
FAILS = """
import sys
print("report: 3 runs\\nno run has an epoch", file=sys.stderr)
sys.exit(2)
"""


def replaced(monkeypatch: pytest.MonkeyPatch, program: str) -> list[VerbCall]:
    """The calls of verbs from now on; a program that takes the path of the result stands for each."""
    found: list[VerbCall] = []

    def command(_home: Home, call: VerbCall) -> list[str]:
        found.append(call)
        return [sys.executable, "-c", program, str(call.result)]

    monkeypatch.setattr(verb_process, "verb_command", command)
    return found


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[VerbCall]:
    return replaced(monkeypatch, MAKES)


async def dialog(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen) and shown(pilot, "#task-keys"))


async def said(pilot: Pilot[Any], text: str) -> None:
    await until(pilot, lambda: text in shown(pilot, "#task-says"))


async def test_the_highlighted_runs_sweep_is_reported(
    home: Home, study: Store, calls: list[VerbCall]
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 4)
        await pilot.press("R")
        await dialog(pilot)
        page = home.root / "reports" / "demo" / "report.html"
        await until(pilot, lambda: shown(pilot, "#task-says") == str(page))
        assert calls[0].options == (f"--out={page.parent}", "--sweep=demo") and page.exists()
        await pilot.press("y")
        await until(pilot, lambda: f"copied {page}" in notified(pilot))
        assert pilot.app.clipboard == str(page)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_marked_runs_are_reported_also_behind_a_closed_dialog(
    home: Home, study: Store, calls: list[VerbCall]
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 3)
        await pilot.press("space", "space")
        await until(pilot, lambda: "2 marked" in shown(pilot, "#head"))
        await pilot.press("R")
        await dialog(pilot)
        await until(pilot, lambda: calls)
        await pilot.press("escape")
        page = home.root / "reports" / "runs-2-3" / "report.html"
        await until(pilot, lambda: page.exists())
        assert calls[0].arguments == ("2", "3")


async def test_all_runs_are_reported(home: Home, study: Store, calls: list[VerbCall]) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("A")
        await dialog(pilot)
        await said(pilot, str(home.root / "reports" / "all" / "report.html"))
        assert calls[0].arguments == () and calls[0].options == (f"--out={home.root / 'reports' / 'all'}",)


async def test_what_went_wrong_is_said(home: Home, study: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, FAILS)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 4)
        await pilot.press("R")
        await dialog(pilot)
        await until(pilot, lambda: shown(pilot, "#task-says") == "✖ no run has an epoch")
        await pilot.press("y")
        assert pilot.app.clipboard == ""


async def test_a_table_of_marked_runs_is_the_one_of_the_command_line(
    home: Home, study: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real verb in its process."""
    theirs = home.root / "theirs.csv"
    assert run_cli(["export", "2", "3", "--csv", str(theirs), "--home", str(home.root)]) == 0
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 3)
        await pilot.press("space", "space")
        await until(pilot, lambda: "2 marked" in shown(pilot, "#head"))
        await pilot.press("o")
        await dialog(pilot)
        assert pilot.app.screen.query_one(Input).value == "exports/runs-2-3.csv"
        await pilot.press("enter")
        ours = home.root / "exports" / "runs-2-3.csv"
        await said(pilot, f"{ours}: 2 rows")
        assert ours.read_bytes() == theirs.read_bytes()


async def test_a_name_that_cannot_be_written_is_said_and_may_be_mended(
    home: Home, study: Store, calls: list[VerbCall]
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 4)
        await pilot.press("o")
        await dialog(pilot)
        field = pilot.app.screen.query_one(Input)
        assert field.value == "exports/run-4.onnx"
        for name, problem in (
            ("net.pt", "end the name in .onnx, .csv"),
            ("", "type the name of a file"),
            ("runs.csv/net.onnx", "there is no folder"),
            ("runs/4/net.onnx", "belongs to the runs"),
        ):
            field.value = name
            await pilot.press("enter")
            await said(pilot, problem)
            assert field.has_focus and not field.disabled and calls == []
        (home.root / "net.onnx").write_text("")
        field.value = "net.onnx"
        await pilot.press("enter")
        await said(pilot, "is there already: give another name")
        assert "--overwrite" not in shown(pilot, "#task-says")
        field.value = "exports/net.onnx"
        await pilot.press("enter")
        file = home.root / "exports" / "net.onnx"
        await until(pilot, lambda: shown(pilot, "#task-says") == str(file))
        assert calls[0].options == (f"--onnx={file}",) and calls[0].arguments == ("4",)


async def test_a_network_is_of_one_run(home: Home) -> None:
    with pytest.raises(VerbFailed, match="of one run, not of 2"):
        file_actions.export_call(home, [2, 3], "net.onnx")


async def test_images_of_a_folder_are_predicted_into_a_file(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = replaced(monkeypatch, PREDICTS)
    (home.root / "new images").mkdir()
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 4)
        await pilot.press("I")
        await dialog(pilot)
        await pilot.press("enter")
        await said(pilot, "type a folder of images")
        pilot.app.screen.query_one(Input).value = "nowhere"
        await pilot.press("enter")
        await said(pilot, "nowhere does not exist: type another folder")
        pilot.app.screen.query_one(Input).value = "new im"
        await until(pilot, lambda: pilot.app.screen.query_one(Input)._suggestion == "new images/")
        await pilot.press("end", "right", "enter")
        table = home.root / "predictions" / "run-4-new-images.csv"
        await said(pilot, f"{table}\n1 could not be used")
        assert table.read_text() == "image,answer,score\n"
        assert calls[0].arguments == ("4", f"{home.root / 'new images'}")
        await pilot.press("escape")
        await pilot.press("I")
        await dialog(pilot)
        assert pilot.app.screen.query_one(Input).value == "new images/"
        await pilot.press("enter")
        await said(pilot, "run-4-new-images-2.csv")


async def test_runs_that_have_no_weights_are_refused_before_anything_is_asked(
    home: Home, study: Store, calls: list[VerbCall]
) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 7)
        await pilot.press("o", "I")
        await until(pilot, lambda: notified(pilot).count("run 7: no epoch completed yet") == 2)
        await go_to(pilot, 3)
        await pilot.press("space", "space", "I")
        await until(pilot, lambda: "predictions are of one run at a time" in notified(pilot))
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_a_result_is_opened_where_there_is_a_desktop(
    home: Home, study: Store, calls: list[VerbCall], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []
    monkeypatch.setattr(task_screen, "opener", lambda: "xdg-open")
    monkeypatch.setattr(task_screen, "open_file", started.append)
    for served, expected in ((True, 0), (False, 1)):
        async with app(home, served=served).run_test(size=SMALL) as pilot:
            await opened(pilot)
            await pilot.press("A")
            await dialog(pilot)
            await said(pilot, "report.html")
            assert ("o open" in shown(pilot, "#task-keys")) is not served
            await pilot.press("o")
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
            await until(pilot, lambda expected=expected: len(started) == expected)
    assert toasts(pilot) == []


def test_nothing_is_opened_over_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(open_file.shutil, "which", lambda name: f"/bin/{name}")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert open_file.opener() is None
    monkeypatch.setenv("DISPLAY", ":0")
    assert open_file.opener() == "/bin/xdg-open"


def test_a_verb_s_command_names_no_database(home: Home) -> None:
    call = VerbCall("report", ("--out=out",), ("3", "-4"), home.root / "out")
    command = verb_command(home, call)
    assert command[1:6] == ["-P", "-m", "tui", "report", "--out=out"] and command[-3:] == ["--", "3", "-4"]
    assert "--db" not in command


def test_a_verb_that_fails_leaves_no_folder_and_no_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, FAILS)
    call = VerbCall("predict", (), (), home.root / "a" / "b.csv", makes=home.root / "a", takes_output=True)
    with pytest.raises(VerbFailed, match="no run has an epoch"):
        give_verb(home, call, lambda _line: None)
    assert not (home.root / "a").exists()


def test_a_free_name_has_a_number(tmp_path: Path) -> None:
    assert free_name(tmp_path / "a.csv") == tmp_path / "a.csv"
    (tmp_path / "a.csv").touch()
    (tmp_path / "a-2.csv").touch()
    assert free_name(tmp_path / "a.csv") == tmp_path / "a-3.csv"


async def test_a_run_that_cannot_be_extended_says_why(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 7)
        await pilot.press("E")
        await until(pilot, lambda: "run 7: not done: only a run that is done goes on" in notified(pilot))
        await go_to(pilot, 3)
        await pilot.press("space", "space", "E")
        await until(pilot, lambda: "one run at a time is extended" in notified(pilot))
        await pilot.press("escape")
        await go_to(pilot, 4)
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        await pilot.press("enter")
        await until(
            pilot, lambda: "run 4 has no checkpoint any more: clone it with 12 epochs" in notified(pilot)
        )
