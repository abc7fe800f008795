"""Preferences: themes, ASCII, keys of one's own, notifications, the clipboard, and that they are kept."""

import base64
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from pilots import SMALL, app, notified, opened, shown, table, toasts, until

from engine.files.paths import Home
from engine.spec.grid import load_spec, make_spec
from engine.store import listing
from engine.store.database import Store, open_store
from tui import commands
from tui.cli import run as run_cli
from tui.forms.add_command import add_command
from tui.preferences import key_bindings
from tui.preferences.state import APP, Preferences, load_preferences, save_preferences, state_file
from tui.preferences.themes import NAMES, THEMES
from tui.screens.help import HelpScreen
from tui.widgets.key_footer import KeyFooter

# Keys


def written(text: str) -> Path:
    path = key_bindings.keys_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


async def test_a_key_of_ones_own_does_it_and_help_shows_it(home: Home, study: Store) -> None:
    written('help = "f1"\nmark_all = "ctrl+a,V"\n')
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("V")
        assert len(table(pilot).marks) == 8
        await pilot.press("a")
        assert len(table(pilot).marks) == 8  # its old key is free
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))  # nobody can lose it
        await pilot.press("escape", "f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        assert notified(pilot) == ""


async def test_a_key_may_be_written_as_its_character(home: Home, study: Store) -> None:
    written('mark_all = "!"\nfilter = "&"\n')
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("exclamation_mark")
        assert len(table(pilot).marks) == 8
        await pilot.press("ampersand")
        await until(pilot, lambda: pilot.app.focused is not None and pilot.app.focused.id == "filter")


async def test_a_toast_that_is_said_again_stands_once(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        for _ in range(3):
            await pilot.press("w")  # the study has a worker
        await until(pilot, lambda: notified(pilot).count("a worker is there already") == 3)
        await pilot.pause()
        assert len(toasts(pilot)) <= 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("help = ", "all keys are at their defaults"),
        ('cancel = "X"', "unknown command 'cancel'"),
        ("cancel_run = 3", "cancel_run needs keys as text"),
        ('cancel_run = "X,,"', "cancel_run needs keys as text"),
        ('cancel_run = "foo"', "not 'foo'"),
        ('cancel_run = "p"', "p is bound to both cancel_run and pause"),
    ],
)
async def test_what_is_wrong_with_the_keys_is_said(home: Home, text: str, says: str) -> None:
    open_store(home.database).close()
    path = written(text)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: says in notified(pilot))
        assert ("keys.toml" in notified(pilot)) == (path.name == "keys.toml" and "both" not in says)


def test_keys_are_listed_with_the_names_of_their_commands(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    written('cancel_run = "X"')
    assert run_cli(["keys", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {
        "screen": "home",
        "command": "cancel_run",
        "keys": ["X"],
        "does": "Cancel the chosen runs; weights are kept",
    } in found["keys"]
    assert len(found["keys"]) == sum(map(len, commands.TABLES)) and found["file"] == str(
        key_bindings.keys_file()
    )
    assert run_cli(["keys"]) == 0
    assert all(key_bindings.is_key(key) for each in found["keys"] for key in each["keys"]), (
        "a file may have each of them"
    )
    assert run_cli(["keys"]) == 0
    assert "question_mark" not in capsys.readouterr().out
    assert run_cli(["keys"]) == 0
    assert "toggle" not in (out := capsys.readouterr().out) and "mark_all" in out and "cancel_run" in out
    written('nothing = "X"')
    assert run_cli(["keys"]) == 1 and "unknown command 'nothing'" in capsys.readouterr().out


def test_no_two_commands_of_a_screen_share_a_key_and_no_file_is_no_keys(home: Home) -> None:
    assert key_bindings.read_keys(key_bindings.keys_file()) == key_bindings.Keys()
    for commands_of_screen in commands.TABLES:
        taken = [key for each in commands_of_screen if not each.on_page for key in each.keys.split(",")]
        assert len(taken) == len(set(taken))
    assert key_bindings.clashes({}) == []


# The clipboard


async def test_id_path_and_command_line_are_copied(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        copied: list[str] = []
        pilot.app.copy_to_clipboard = copied.append  # type: ignore[method-assign]
        await pilot.press("number_sign", "ctrl+y", "Y")
        await until(pilot, lambda: len(copied) == 3)
        assert copied[:2] == ["5", str(home.run(5).folder)] and copied[2].startswith(
            "resnet-tui add --data fundus"
        )
        await pilot.press("space", "space", "number_sign", "Y")
        await until(pilot, lambda: len(copied) == 5)
        assert copied[3] == "5 7" and len(copied[4].splitlines()) == 2
        await pilot.press("escape", "enter", "number_sign")
        await until(pilot, lambda: copied[-1] == "8" and shown(pilot, "#run-head"))


@pytest.mark.parametrize(
    "settings",
    [
        {"data": "digits"},
        {
            "data": "my data",
            "arch": "resnet50",
            "lr": 3e-4,
            "optimizer": "adamw",
            "epochs": 3,
            "augment": "flip+rotate",
        },
        {
            "data": "fundus",
            "nesterov": True,
            "momentum": 0.8,
            "seed": 7,
            "loss": "ce-sqrt",
            "deterministic": True,
        },
    ],
)
def test_the_command_line_makes_the_run_again(
    home: Home, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.root)
    spec = make_spec(settings)
    line = shlex.split(add_command(spec, "a name"))
    assert line[:2] == ["resnet-tui", "add"]
    (home.root / "my data").mkdir()
    for label in ("a", "b"):
        for split in ("train", "test"):
            (home.root / "my data" / split / label).mkdir(parents=True)
            (home.root / "my data" / split / label / "1.png").write_bytes(b"x")
    assert run_cli(line[1:]) == 0
    with open_store(home.database).read() as session:
        run = listing.get_run(session, 1)
    assert load_spec(run.spec) == spec and run.name == "a name"


async def test_a_path_that_is_not_utf_8_is_copied_byte_by_byte(home: Home) -> None:
    open_store(home.database).close()
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        written: list[str] = []
        assert pilot.app._driver is not None
        pilot.app._driver.write = written.append  # type: ignore[method-assign]
        pilot.app.copy_to_clipboard("caf\udce9.png")
        pilot.app.copy_to_clipboard("café.png")
        codes = [
            base64.b64decode(text.split(";")[2].strip("\x07\x1b\\")) for text in written if "]52;" in text
        ]
        assert codes == [b"caf\xe9.png", "café.png".encode()]


# What is kept


def test_what_was_kept_by_others_is_no_harm(home: Home) -> None:
    path = state_file(home, APP)
    save_preferences(home, Preferences("resnet-light", "lr", True, True))
    assert load_preferences(home) == Preferences("resnet-light", "lr", True, True)
    path.write_text(json.dumps({"theme": 3, "sort": "name", "tells": "yes", "more": 1}))
    assert load_preferences(home) == Preferences(sort="name")
    path.write_text("{")
    assert load_preferences(home) == Preferences()
    assert set(NAMES) == {theme.name for theme in THEMES}


async def test_equal_toasts_of_one_burst_stand_once(home: Home, study: Store) -> None:
    async with app(home, readonly=True).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        for _ in range(5):
            await pilot.app.screen.action_command("new_run")  # type: ignore[attr-defined]
        await until(pilot, lambda: notified(pilot).count("is read-only") == 5)
        await pilot.pause()
        assert len(toasts(pilot)) <= 1


async def test_a_window_that_was_too_small_has_its_keys_back(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        before = {each.binding.action for each in pilot.app.active_bindings.values() if each.enabled}
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: pilot.app.screen.has_class("-tiny"))
        await pilot.resize_terminal(*SMALL)
        await until(pilot, lambda: not pilot.app.screen.has_class("-tiny"))
        await until(pilot, lambda: " open " in str(pilot.app.screen.query_one(KeyFooter).render()))
        assert {each.binding.action for each in pilot.app.active_bindings.values() if each.enabled} == before


async def test_ctrl_c_ends_nothing_and_says_what_does(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "ctrl+c does not quit: press q" in notified(pilot))
        assert "[b]" not in notified(pilot)


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["--version"]) == 0
    assert re.fullmatch(r"resnet-tui \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_flags_of_the_app_are_no_flags_of_verbs(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["--readonly", "add", "--data", "digits"]) == 2
    assert (
        "--readonly and --ascii apply to the app only: leave them out before add" in capsys.readouterr().err
    )
