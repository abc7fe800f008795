"""Commands that queue runs again: as few as there are recipes, and the same runs."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from pictures import draw
from shell import Shell

from engine.files.paths import Home
from engine.spec.grid import load_spec, make_spec
from engine.store import listing
from engine.store.database import open_store
from tui.forms.add_command import add_commands

FOLD = {"data": "eyes", "folds": 3}


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ([{"data": "digits", "seed": seed, "lr": lr} for lr in (0.1, 0.01) for seed in (3, 0, 7)], 2),
        ([{**FOLD, "fold": fold, "seed": seed} for seed in (0, 1) for fold in (1, 2, 3)], 1),
        ([{**FOLD, "fold": 1}, {**FOLD, "fold": 2}, {**FOLD, "fold": 3, "seed": 1}], 3),
        ([{"data": "eyes", "split_seed": each, "seed": each} for each in (1, 2)], 1),
        ([{"data": "eyes", "split_seed": each, "seed": each + 4} for each in range(5)], 1),
        ([{"data": "eyes", "split_seed": each, "seed": each} for each in (1, 2, 4)], 3),
        ([{"data": "eyes", "split_seed": each, "seed": 3 - each} for each in (1, 2)], 2),
        (
            [
                {**FOLD, "fold": fold, "split_seed": each, "seed": each}
                for fold in (1, 2, 3)
                for each in (0, 1)
            ],
            1,
        ),
        ([{**FOLD, "fold": fold, "split_seed": each, "seed": each} for fold in (1, 3) for each in (0, 1)], 1),
        ([{**FOLD, "fold": each, "split_seed": each, "seed": each} for each in (1, 2)], 2),
        ([{"data": "digits"}, {"data": "digits"}], 1),
    ],
)
def test_they_queue_the_same_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: list[dict[str, Any]],
    count: int,
) -> None:
    for number in range(12):
        draw(tmp_path / "eyes" / str(number % 2) / f"{number}.png", number % 2, number)
    monkeypatch.chdir(tmp_path)
    shell = Shell(tmp_path, capsys)
    specs = [make_spec(each) for each in settings]
    commands = add_commands(((spec, "=a b") for spec in specs), "my sweep")
    assert len(commands) == count
    for command in commands:
        assert shell(*shlex.split(command)[1:]) == 0, shell.err
    store = open_store(Home.find(tmp_path).database)
    with store.read() as session:
        queued = [(load_spec(run.spec), run.name, run.sweep) for run in listing.list_runs(session)]
    store.close()
    assert {spec for spec, *_ in queued} == set(specs) and len(queued) == len(set(specs))
    assert {tuple(more) for _, *more in queued} == {("=a b", "my sweep")}


def test_add_says_that_val_images_choose_no_epoch(shell: Shell) -> None:
    said = "val images are set aside, but test_acc chooses the epoch: --select-on val_acc would use them"
    assert shell("add", "--data", "digits", "--val-fraction", "0.1") == 0
    assert shell.err.count(said) == 1 and "warning" not in shell.err
    assert shell("add", "--data", "digits", "--val-fraction", "0.1", "--select-on", "val_acc") == 0
    assert "val images" not in shell.err.replace("images: ", "")
