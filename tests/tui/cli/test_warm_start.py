"""Warm starts as a user meets them: judged by `add`, shown by `show` and the report."""

import json
import sys
from pathlib import Path

import pytest
from indexes import index_folder
from pictures import lab_csvs
from sessions import context
from shell import Shell
from studies import add_study

from engine.analysis.report.data_section import leaks
from engine.analysis.report.markdown_page import inline
from engine.datasets.provenance import save_trained_on
from engine.files.paths import Home
from engine.preflight.findings import preflight
from engine.queries.read_study import collect
from engine.spec.grid import make_spec
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.schema import run_table
from engine.training.leak_check import provenance
from tui.cli import run


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Run 1 was trained on `lab`; `swapped` tests on those images."""
    for name in ("lab", "swapped"):
        lab_csvs(tmp_path / name, both_eyes=True)
    for kind in ("img", "label"):
        train, test = (tmp_path / "swapped" / f"{split}_{kind}.csv" for split in ("train", "test"))
        first, second = train.read_text(), test.read_text()
        train.write_text(second)
        test.write_text(first)
    made = Home.find(tmp_path)
    index = index_folder(tmp_path / "lab", test_fraction=0.2)
    what, _ = provenance(context(make_spec({"data": "lab"}), made), index)
    made.run(1).folder.mkdir(parents=True)
    save_trained_on(made.run(1).trained_on, what)
    made.run(1).best.touch()
    return made


def source(home: Home, class_names: list[str]) -> Store:
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": "lab"})])
    with store.write() as session:
        session.execute(run_table.update().values(status="done", class_names=class_names))
    return store


def test_add_refuses_a_leak_that_is_known(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    source(home, ["0", "1", "2"]).close()
    call = ["add", "--home", str(home.root), "--data", str(home.root / "swapped"), "--pretrained", "run:1"]
    assert run(call) == 2
    said = capsys.readouterr()
    assert (
        said.out == ""
        and "(run 1): choose other data or another split, or accept it with --allow-leak" in said.err
    )
    assert run([*call, "--allow-leak"]) == 0
    said = capsys.readouterr()
    assert said.out == "2\n" and "3 of their groups (run 1)" in said.err
    assert run([*call[:4], str(home.root / "lab"), *call[5:]]) == 0


def test_evaluation_alone_needs_the_same_classes(home: Home) -> None:
    store = source(home, ["0", "1", "2", "3"])
    spec = make_spec({"data": "lab", "pretrained": "run:1", "epochs": 0})
    (problem,) = preflight(home, store, [spec]).errors
    assert problem.kind == "classes" and "0, 1, 2, 3 against 0, 1, 2" in problem.text
    assert preflight(home, store, [make_spec({"data": "lab", "pretrained": "run:1"})]).errors == []
    store.close()


def test_show_and_report_tell_of_a_leak(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    add_study(store)
    leak = {"images": 1234, "groups": 0, "test_images": 1200, "from": [2]}
    with store.write() as session:
        session.execute(run_table.update().where(run_table.c.id == 4).values(leak=leak))
        nothing = {"images": 0, "groups": 0, "test_images": 0, "from": []}
        session.execute(run_table.update().where(run_table.c.id == 3).values(leak=nothing))
    assert run(["show", "4", "--json", "--home", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["leak"] == leak
    assert run(["show", "2", "--json", "--home", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["leak"] is None
    (sentence,) = leaks(collect(store, run_ids=None, sweep="demo").runs)
    said = inline(sentence.content)
    assert said.startswith(
        "**#4 starts from weights that were trained on its test images**: 1,234 val and test images"
    )
    assert "in the training data of #2; this affects 1,200 of its test images" in said
    store.close()


def test_doctor_says_which_imagenet_file_a_waiting_run_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor = sys.modules["tui.cli.doctor"]  # the package holds the verb under this name
    home = Home.find(tmp_path)
    assert doctor._imagenet(home) == []
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": "digits"})])
    assert doctor._imagenet(home) == []
    pairs = [("resnet18", "imagenet"), ("resnet18", "imagenet-v1"), ("resnet50", "imagenet-v2")]
    add_runs(store, [make_spec({"data": "digits", "arch": arch, "pretrained": name}) for arch, name in pairs])
    store.close()

    def answer(room: str, wanted: list[str], *, what: str) -> dict[str, object]:
        assert room == "models.imagenet" and wanted == [f"{arch}:{name}" for arch, name in pairs]
        files = [
            {"arch": arch, "pretrained": name, "name": f"{arch}.pth", "folder": "/f", "present": False}
            for arch, name in pairs
        ]
        return {"files": [{**file, "reachable": file["arch"] == "resnet50"} for file in files]}

    monkeypatch.setattr("engine.preflight.imagenet_files.ask", answer)
    missing, to_come = doctor._imagenet(home)
    assert missing.problem == "this machine cannot download it: put resnet18.pth into /f"
    assert to_come.problem is None and "will be downloaded into /f" in to_come.found


def test_add_and_edit_say_which_imagenet_file_they_would_lack(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def answer(_room: str, wanted: list[str], *, what: str) -> dict[str, object]:
        asked.append(wanted)
        file = {"arch": "resnet18", "pretrained": "imagenet", "name": "r18.pth", "folder": "/f"}
        return {"files": [file | {"present": False, "reachable": False}]}

    monkeypatch.setattr("engine.preflight.imagenet_files.ask", answer)
    told = "warning: the ImageNet weights of resnet18 are missing, and this machine cannot download it: "
    assert shell("add", "--data", "digits", "--pretrained", "none,imagenet", "--lr", "0.1,0.2") == 0
    assert shell.out.split() == ["1", "2", "3", "4"] and told + "put r18.pth into /f\n" in shell.err
    assert asked == [["resnet18:imagenet"]]
    assert shell("edit", "1", "--pretrained", "imagenet") == 0 and told in shell.err
    asked.clear()
    assert shell("add", "--data", "digits") == 0 and not asked
