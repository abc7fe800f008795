"""The same bad settings through preflight, add, edit, clone and the form: the same problems, in each one's words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bad_runs import BAD_RUNS, DATA, make_files
from pilots import TALL, app, notified, opened, shown, until
from shell import Shell
from textual.widgets import Input
from torch_here import load_torch_here

from engine.files.paths import Home
from engine.preflight.findings import preflight
from engine.problem import Problem
from engine.spec.grid import make_spec
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from tui.cli.flag_words import flag, flag_line
from tui.forms.form_words import MORE, OTHERS, beside_fields
from tui.screens.new_run import NewRunScreen


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    make_files(folder)
    return folder


@pytest.fixture
def home(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    load_torch_here(monkeypatch)
    return Home.find(root, f"sqlite:///{tmp_path / 'runs.db'}")


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    """Run 1 waits on the data, run 2 is of another arch."""
    opened_store = open_store(home.database)
    add_runs(opened_store, [make_spec({"data": DATA}), make_spec({"data": DATA, "arch": "resnet34"})])
    yield opened_store
    opened_store.close()


def problems_of(home: Home, store: Store, settings: dict[str, Any]) -> list[Problem]:
    return preflight(home, store, [make_spec({"data": DATA, "test_fraction": 0.2, **settings})]).errors


@pytest.mark.parametrize(("settings", "expected"), BAD_RUNS)
def test_preflight_finds_every_error(
    home: Home, store: Store, settings: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    found = problems_of(home, store, settings)
    assert {(problem.field, problem.kind) for problem in found} == expected
    assert len(found) == len(expected) and not any("--" in problem.line for problem in found)


@pytest.mark.parametrize("call", [("add",), ("edit", "1"), ("clone", "1")])
def test_the_command_line_says_each_with_its_flag(
    shell: Shell, home: Home, store: Store, call: tuple[str, ...]
) -> None:
    place = ("--home", str(home.root), "--db", home.db_url)
    base = {"data": DATA} if call == ("add",) else {}
    for settings, _ in BAD_RUNS:
        told = {**base, "test_fraction": 0.2, **settings}
        flags = [text for name, value in told.items() for text in (flag(name), str(value))]
        assert shell(*call, *place, *flags) == 2, settings
        lines = [f"resnet-tui: {flag_line(problem)}" for problem in problems_of(home, store, settings)]
        assert shell.out == "" and shell.err.splitlines() == lines
    assert (
        shell("ls", "--home", str(home.root), "--db", home.db_url) == 0 and len(shell.out.splitlines()) == 3
    )


async def test_the_form_says_each_beside_its_field_and_queues_nothing(home: Home, store: Store) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot, 2)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        for settings, _ in BAD_RUNS:
            fields = {"data": DATA, "pretrained": "", "epochs": "", **settings}
            others = [f"{name}={value}" for name, value in settings.items() if name in OTHERS]
            fields[MORE] = " ".join(["test_fraction=0.2", *others])
            for name in ("data", "pretrained", "epochs", MORE):
                pilot.app.screen.query_one(f"#{name}", Input).value = str(fields[name])
            for name, text in beside_fields(problems_of(home, store, settings)).items():
                await until(pilot, lambda name=name, text=text: shown(pilot, f"#{name}-says") == f"✖ {text}")
            await pilot.press("enter")
        assert isinstance(pilot.app.screen, NewRunScreen) and "queued" not in notified(pilot)


def test_ways_out_are_worded_as_each_front_end_takes_them(home: Home, store: Store) -> None:
    (problem,) = problems_of(home, store, {"select_on": "val_acc"})
    assert flag_line(problem) == "--select-on: val_acc needs a val split: give --val-fraction 0.1"
    says = "select_on: val_acc needs a val split: give val_fraction=0.1 in more"
    assert beside_fields([problem]) == {MORE: says}
    assert problem.line == "select_on: val_acc needs a val split: give val_fraction 0.1"


WARNED_OF = {"sampler": "balanced", "loss": "ce-balanced"}


@pytest.mark.parametrize("call", [("add", "--data", DATA), ("edit", "1"), ("clone", "1")])
def test_the_command_line_warns_in_flags_and_goes_on(
    shell: Shell, home: Home, store: Store, call: tuple[str, ...]
) -> None:
    flags = [text for name, value in WARNED_OF.items() for text in (flag(name), value)]
    place = ("--home", str(home.root), "--db", home.db_url, "--test-fraction", "0.2")
    assert shell(*call, *place, *flags) == 0
    warnings = [line for line in shell.err.splitlines() if "warning" in line]
    assert warnings == [
        "warning: sampler balanced and loss ce-balanced both correct for the class frequencies, so rare classes count "
        "too much: use --sampler shuffle, or use --loss ce"
    ]


async def test_the_form_warns_and_queues(home: Home, store: Store) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot, 2)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        fields = {"data": DATA, MORE: "test_fraction=0.2 sampler=balanced loss=ce-balanced"}
        for name, text in fields.items():
            pilot.app.screen.query_one(f"#{name}", Input).value = text
        brief = "⚠ sampler and loss both balance the classes: use one of them"
        await until(pilot, lambda: brief in shown(pilot, "#summary"))
        await pilot.press("enter")
        said = "use sampler=shuffle in more, or use loss=ce in more"
        await until(pilot, lambda: said in notified(pilot) and not isinstance(pilot.app.screen, NewRunScreen))
