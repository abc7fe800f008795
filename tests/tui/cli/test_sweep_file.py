"""`add --from` and `add --save`: a sweep in a TOML file."""

import json
import os
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import class_folders
from shell import Shell

from engine.files.paths import Home
from engine.spec.run_spec import FIELDS, GRID_FIELDS, RunSpec, choices_of
from engine.store.add import Batch
from tui.cli import run

WORDS = {
    "arch": st.sampled_from([*choices_of("arch"), "nets/mine.py:small", "/elsewhere/a,b.py:net"]),
    "augment": st.sampled_from(["none", "flip", "flip4", "rotate+crop"]),
    "data": st.sampled_from(["pets", "./digits", "digits", "../pets", "/elsewhere/pets", "~/pets"]),
    "images": st.sampled_from(["pictures", "inside-the-data", "/elsewhere/pictures"]),
    "pretrained": st.sampled_from(["none", "imagenet", "run:3", "w.pt", "./imagenet", "runs/3/w.pt", "/x/w.pt"]),
    "class_names": st.sampled_from(["healthy, ill", "0,1"]),
    "image_size": st.integers(16, 64).map(str),
}  # fmt: skip
"""Values of the settings that are no plain choice, number or text."""
LINES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters=","), min_size=1, max_size=9)
OPTIONS = {
    "name": LINES, "sweep": LINES, "preset": st.sampled_from(["lab", "seed"]),
    "priority": st.integers(-9, 9).map(str), "max_attempts": st.integers(1, 9).map(str),
    "seeds": st.integers(1, 3).map(str), "needs": st.sampled_from(["memory=40", "tag=a,host=b"]),
}  # fmt: skip


def words_of(name: str) -> st.SearchStrategy[str]:
    """Give values of a setting as flags have them."""
    annotation = RunSpec.model_fields[name].annotation
    if name in WORDS:
        return WORDS[name]
    if choices := choices_of(name):
        return st.sampled_from(choices)
    if annotation is int:
        return st.integers(0, 40).map(str)
    return st.floats(0, 0.9).map(repr) if annotation is float else LINES


@st.composite
def flags(draw: st.DrawFn) -> list[str]:
    """Draw the flags of a call that is mostly right."""
    call = [f"--data={draw(WORDS['data'])}"]
    names = [name for name in FIELDS if name != "data"]
    for name in draw(st.lists(st.sampled_from([*names, *OPTIONS]), max_size=4, unique=True)):
        dashed = name.replace("_", "-")
        if name in OPTIONS:
            call.append(f"--{dashed}={draw(OPTIONS[name])}")
        elif RunSpec.model_fields[name].annotation is bool:
            call.append(draw(st.sampled_from([f"--{dashed}", f"--no-{dashed}"])))
        else:
            count = draw(st.integers(1, 3)) if name in GRID_FIELDS else 1
            values = draw(st.lists(words_of(name), min_size=1, max_size=count, unique=True))
            call += [f"--{dashed}={value}" for value in values]
    return call


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[Batch]:
    """Collect what is queued, without looking for the data."""
    found: list[Batch] = []

    def queue_runs(_home: Home, _store: object, some: list[Batch], **_more: Any) -> int:
        found.extend(some)
        return 0

    monkeypatch.setattr(sys.modules["tui.cli.add"], "queue_runs", queue_runs)
    return found


def test_a_saved_sweep_queues_the_same_runs(
    batches: list[Batch], tmp_path_factory: pytest.TempPathFactory
) -> None:
    codes: Counter[int] = Counter()

    @settings(max_examples=60)
    @given(call=flags(), place=st.sampled_from(["s.toml", "sweeps/s.toml", "../s.toml"]))
    def check(call: list[str], place: str) -> None:
        home = tmp_path_factory.mktemp("above") / "home"
        for folder in ("pictures", "sweeps", "digits"):
            (home / folder).mkdir(parents=True)
        batches.clear()
        file = home / place
        code = run(["add", *call, "--home", str(home), "--save", str(file)])
        codes[code] += 1
        assert file.exists() == (code == 0) and len(batches) == (code == 0)
        if code == 0:
            assert run(["add", "--from", str(file), "--home", str(home)]) == 0
            first, second = batches
            assert first == second, file.read_text()

    check()
    assert codes[0] > 20  # the calls drawn are not all wrong


def test_every_key_of_a_file_is_a_flag_of_add(shell: Shell) -> None:
    (shell.home / "s.toml").write_text(
        'data = "digits"\narch = ["resnet18", "resnet34"]\nlr = [0.1, 1e-2]\nseed = "0-1"\nbatch-size = 16\n'
        'nesterov = true\nname = "a name"\nsweep = "s"\npriority = 3\nneeds = { memory = 4.5, tag = "a100" }\n'
    )
    assert shell("add", "--from", "s.toml") == 0
    assert shell.out.split() == list("12345678")
    assert shell("show", "8", "--json") == 0
    shown = json.loads(shell.out)
    wanted = {"arch": "resnet34", "lr": 0.01, "seed": 1, "batch_size": 16, "nesterov": True, "priority": 3}
    assert wanted.items() <= shown.items() and (shown["name"], shown["sweep"]) == ("a name", "s")
    assert shell("add", "--from", "s.toml", "--after", "1", "--seeds", "2", "--seed", "5") == 0
    assert shell.out.count("\n") == 8 and "from flags, not from s.toml: seed" in shell.err.splitlines()


def test_flags_win_over_the_file_and_it_is_said(shell: Shell) -> None:
    (shell.home / "s.toml").write_text('data = "digits"\nlr = [0.1, 0.01]\nepochs = 3\n')
    assert shell("add", "--from", "s.toml", "--lr", "0.5", "--loss", "focal", "--save", "t.toml") == 0
    assert shell.out == "1\n"
    assert shell.err.splitlines()[-2:] == [
        "saved: resnet-tui add --from t.toml", "from flags, not from s.toml: lr",
    ]  # fmt: skip
    saved = tomllib.loads((shell.home / "t.toml").read_text())
    assert saved == {"data": "digits", "lr": 0.5, "epochs": 3, "loss": "focal"}


def test_paths_start_at_the_folder_of_the_file(
    shell: Shell, tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = tmp_path_factory.mktemp("study")
    class_folders(study / "data" / "pets", each=5)
    (study / "sweeps").mkdir()
    (study / "sweeps" / "s.toml").write_text('data = "../data/pets"\n')
    assert shell("add", "--from", str(study / "sweeps" / "s.toml"), "--save", str(study / "t.toml")) == 0
    assert shell("show", "1", "--json") == 0
    assert json.loads(shell.out)["data"] == str(study / "data" / "pets")
    assert tomllib.loads((study / "t.toml").read_text())["data"] == "data/pets"
    class_folders(shell.home / "digits", each=5)  # a folder that is called like a built-in set
    assert shell("add", "--data", "./digits", "--save", "u.toml") == 0
    assert tomllib.loads((shell.home / "u.toml").read_text())["data"] == "./digits"
    assert shell("add", "--from", "u.toml") == 0 and "run 3 repeats run 2" in shell.err


WRONG = {
    "dta": ('dta = "digits"', 'unknown key: data?'),
    "zzz": ('zzz = 1', "unknown key: resnet-tui add --help lists all, as flags"),
    "home": ('home = "x"', "no part of a sweep: give --home beside --from"),
    "notify_url": ('notify_url = "json://x"', "no part of a sweep: give --notify-url beside --from"),
    "training": ("training = { lr = 1 }", "a file of a sweep has no such table"),
    "arch": ('arch = "resnet18,resnet34"', 'for several write the list ["resnet18", "resnet34"]'),
    "lr": ("lr = []", "give at least one value"),
    "momentum": ("momentum = [0.9]", "takes one value, no list (momentum of sgd): give 0.9 alone"),
    "nesterov": ('nesterov = "yes"', '"yes" is neither true nor false'),
    "batch_size": ("batch_size = true", "true is neither text nor a number"),
    "epochs": ("epochs = 1.5", "'1.5' is not a whole number"),
    "image_size": (f"image_size = 0x1{'0' * 5000}", "the number is too long"),
    "weight_decay": ("weight_decay = inf", "'inf' is not finite"),
    "loss": ('loss = ["ce", "hinge"]', "'hinge' is unknown: choose from ce"),
    "seed": ("seed = 2026-01-01", '"2026-01-01" is neither text nor a number'),
    "priority": ('priority = "high"', '"high": '),
    "seeds": ("seeds = 0", "0: "),
    "name": ('name = ["a", "b"]', 'takes one value, no list: give "a" alone'),
    "needs": ("needs = { memroy = 3 }", "'memroy=3' is no need: give memory=GIB"),
    "batch-size": ("batch-size = 4", "given as batch_size too: give it once"),
}  # fmt: skip


def test_all_that_is_wrong_is_said_at_once_a_line_each(shell: Shell) -> None:
    (shell.home / "s.toml").write_text("\n".join(line for line, _ in WRONG.values()))
    assert shell("add", "--from", "s.toml", "--save", "t.toml") == 2
    assert shell.out == "" and sorted(os.listdir(shell.home)) == ["s.toml"]
    lines = shell.err.splitlines()
    assert len(lines) == len(WRONG)
    for key, (_, says) in WRONG.items():
        (line,) = [each for each in lines if each.startswith(f"resnet-tui: s.toml: {key}: ")]
        assert says in line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('data = "pets"\nselect_on = "val_acc"', "select_on: val_acc needs a val split: give val_fraction = 0.1"),
        ('data = "nowhere"', "nowhere does not exist"),
        ("lr = 0.1", "s.toml: data: is required"),
        ('data = "digits"\nfreeze_epochs = 1', "s.toml: freeze_epochs: "),
        ('data = "digits"\nseeds = 3\nrepeat = 2', "s.toml: give --seeds N or --repeat N, not both"),
        ('data = "digits"\npreset = "labb"', "s.toml: preset: 'labb' is unknown: choose from lab"),
        ("lr = [1,", "s.toml: end of document: Invalid value: write TOML, such as lr = [0.1, 0.01]"),
        ("lr = 1\nlr = 2", "Cannot overwrite a value: write TOML"),
        ("epochs = " + "9" * 5000, "s.toml: "),
        (b"name = '\xff'", "s.toml is not UTF-8 text: save it as UTF-8"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_queued_is_refused(shell: Shell, content: str | bytes, says: str) -> None:
    class_folders(shell.home / "pets", each=5)
    (shell.home / "s.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert says in shell.refuses("add", "--from", "s.toml")
    assert not (shell.home / "runs.db").exists()


def test_a_flag_is_named_where_it_is_what_is_wrong(shell: Shell) -> None:
    (shell.home / "s.toml").write_text('data = "digits"\nlr = 0.1')
    assert "resnet-tui: --lr: 'fast' is not a number" in shell.refuses(
        "add", "--from", "s.toml", "--lr", "fast"
    )


def test_files_that_are_none(shell: Shell) -> None:
    assert "none.toml does not exist: give a TOML file" in shell.refuses("add", "--from", "none.toml")
    assert ". is a folder: give a TOML file" in shell.refuses("add", "--from", ".")
    os.mkfifo(shell.home / "pipe")
    assert "pipe is no file: give a TOML file" in shell.refuses("add", "--from", "pipe")


def test_save_replaces_no_file_unasked(shell: Shell) -> None:
    file = shell.home / "s.toml"
    file.write_text("# mine\n")
    call = ("add", "--data", "digits", "--save", "s.toml")
    assert "s.toml is there already: give another name, or --overwrite" in shell.refuses(*call)
    assert file.read_text() == "# mine\n" and not (shell.home / "runs.db").exists()
    assert shell(*call, "--overwrite") == 0
    assert file.read_text() == (
        '# resnet-tui add --from s.toml\n# Paths start at the folder of this file.\n\ndata = "digits"\n'
    )
    assert "--overwrite: it goes with --save FILE" in shell.refuses("add", "--data", "digits", "--overwrite")
    assert "there is no folder" in shell.refuses("add", "--data", "digits", "--save", "no/s.toml")
    assert "belongs to the runs" in shell.refuses(
        "add", "--data", "digits", "--save", "runs.db", "--overwrite"
    )


def test_the_example_of_the_documentation_is_a_sweep(
    shell: Shell, batches: list[Batch], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "sweeps.md").read_text()
    (shell.home / "s.toml").write_text(page.partition("```toml\n")[2].partition("```")[0])
    assert shell("add", "--from", "s.toml") == 0
    (batch,) = batches
    assert len(batch.specs) == 12 and batch.sweep == "study" and batch.needs.needs_memory_gb == 16
