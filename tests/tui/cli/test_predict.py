"""Predictions: those of the run itself for its test images, and what becomes of images that cannot be read."""

import csv
import importlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import class_folders, draw, write_column
from sessions import Memory

from engine.datasets.formats.tables.named_images import Named, images_of
from engine.files.paths import Home
from engine.prediction import predictor as room
from engine.spec.grid import make_spec
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.training.context import RunContext
from engine.training.session import Session
from tui.cli import run as resnet_tui

MARGIN = {
    "preprocess": "graham", "augment": "rotate", "loss": "mse-ordinal", "ordered": "on", "lr": 1e-4,
    "class_names": "class0,class1,class2",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Runs 1 and 3 have trained for an epoch: 3 as grades, on preprocessed images with a margin."""
    root = tmp_path_factory.mktemp("home")
    class_folders(root / "data", classes=3, each=12)
    for path in (root / "data").rglob("*.png"):
        draw(path, int(path.parent.name[-1]), int(path.stem), size_px=24)
    made = Home.find(root, cache=root / "cache")
    torch.set_num_threads(1)
    small = {"data": "data", "image_size": 16, "batch_size": 8, "epochs": 1, "lr": 0.02, "threads": 1}
    spec = make_spec(small)
    for run_id, wanted in (1, spec), (3, make_spec({**small, **MARGIN})):
        training = Session(
            RunContext(
                wanted, made, run_id, device=torch.device("cpu"), precision="fp32", log=lambda _text: None
            )
        )
        assert training.train(Memory(), lambda: False)
    store = open_store(made.database)
    add_runs(store, [spec, spec])
    store.close()
    return made


def predicted(
    home: Home, capsys: pytest.CaptureFixture[str], *arguments: str, run_id: int = 1
) -> tuple[int, str, str]:
    code = room.main(["--weights", str(home.run(run_id).best), "--device", "cpu", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize(("run_id", "batch_size"), [(1, 1), (1, 4), (1, 128), (3, 5)])
def test_the_runs_own_answers_for_its_test_images(
    home: Home, capsys: pytest.CaptureFixture[str], run_id: int, batch_size: int
) -> None:
    mine = list(csv.DictReader(home.run(run_id).predictions().open()))
    paths = [str(home.root / "data" / row["image"]) for row in mine]
    code, out, _ = predicted(home, capsys, "--json", "--batch-size", str(batch_size), *paths, run_id=run_id)
    found = json.loads(out)
    assert code == 0 and found["unreadable"] == []
    assert found["class_names"] == ["class0", "class1", "class2"]
    assert [each["image"] for each in found["predictions"]] == paths
    assert [each["answer"] for each in found["predictions"]] == [row["answer"] for row in mine]
    recorded = np.load(home.run(run_id).scores())
    scores = np.array([each["score"] for each in found["predictions"]])
    assert np.abs(scores - recorded.max(1)).max() < 1e-5
    probabilities = [each["probabilities"] for each in found["predictions"]]
    if run_id == 3:
        assert set(probabilities) == {None} and recorded.shape == (6, 1)
    else:
        assert np.abs(np.array(probabilities) - recorded).max() < 1e-5


def test_csv_for_a_folder_and_unreadable_files_on_standard_error(
    home: Home, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shutil.copytree(home.root / "data" / "class1", tmp_path / "a" / "deep")
    (tmp_path / "a" / "broken.png").write_bytes(b"no image")
    (tmp_path / "a" / "notes.txt").write_text("left out")
    code, out, err = predicted(home, capsys, str(tmp_path / "a"), str(tmp_path / "gone.png"))
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 1 and len(rows) == 12
    assert rows[0]["image"] == str(tmp_path / "a" / "deep" / "000.png") and 0 < float(rows[0]["score"]) <= 1
    lines = err.splitlines()
    assert "broken.png cannot be read" in lines[0] and "gone.png is missing" in lines[1]
    assert lines[2].startswith("12 images, ") and lines[3] == "2 could not be used"
    code, out, err = predicted(home, capsys, "--json", str(tmp_path / "a" / "broken.png"))
    assert (
        code == 1
        and json.loads(out)["predictions"] == []
        and "broken.png" in json.loads(out)["unreadable"][0]
    )


def names(*paths: Path) -> list[tuple[str, bool]]:
    return [(each.name, each.problem is None) for each in images_of(list(map(str, paths)))]


def test_tables_with_and_without_headers_and_suffixes(tmp_path: Path) -> None:
    for name in ("1_left.jpeg", "2_right.JPEG"):
        draw(tmp_path / "images" / name, 1, 1)
    draw(tmp_path / "beside.png", 1, 1)
    write_column(tmp_path / "plain.csv", ["1_left", "2_right", "beside", "3_left", "../x.png", ""])
    assert names(tmp_path / "plain.csv") == [
        ("1_left", True), ("2_right", True), ("beside", True), ("3_left", False), ("../x.png", False), ("", False),
    ]  # fmt: skip
    (tmp_path / "kaggle.csv").write_text("level,image\n0,1_left\n4,2_right.JPEG\n3\n")
    assert names(tmp_path / "kaggle.csv") == [("1_left", True), ("2_right.JPEG", True), ("", False)]
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "nothing").mkdir()
    for path in (tmp_path / "empty.csv", tmp_path / "binary.csv", tmp_path / "no.csv", tmp_path / "nothing"):
        assert names(path) == [(str(path), False)]


def test_what_data_takes_is_read_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A set that `data split` wrote, whose images are a link; a table with semicolons; an array file's images."""
    class_folders(tmp_path / "folders", classes=2, each=4)
    assert resnet_tui(["data", "split", str(tmp_path / "folders"), "--out", str(tmp_path / "new")]) == 0
    capsys.readouterr()
    assert names(tmp_path / "new") == [
        (str(tmp_path / "new" / "images" / f"class{label}" / f"{number:03}.png"), True)
        for label in range(2)
        for number in range(4)
    ]
    assert names(tmp_path / "new" / "labels.csv")[0] == ("class0/000.png", True)
    (tmp_path / "new" / "semi.csv").write_text("label;image\n0;class0/001\n1;class1/002.png\n")
    assert names(tmp_path / "new" / "semi.csv") == [("class0/001", True), ("class1/002.png", True)]
    np.savez(tmp_path / "a.npz", test_images=np.zeros((2, 8, 8), np.uint8))
    (tmp_path / "members.tsv").write_text("image\tlevel\na.npz#test/1\t0\na.npz#test/2\t0\n")
    assert names(tmp_path / "members.tsv") == [("a.npz#test/1", True), ("a.npz#test/2", False)]


def test_names_are_read_as_those_of_data_sets_are(tmp_path: Path) -> None:
    """In any spelling that means one file here, and never a file elsewhere."""
    files = [tmp_path / "imgs" / f"{number:03}.png" for number in range(6)]
    for number, file in enumerate(files):
        draw(file, 0, number)
    table = tmp_path / "list.csv"
    for form in ("imgs\\{:03}.png", f"{tmp_path}/imgs/{{:03}}.png", "/mnt/other/imgs/{:03}.png", "{}.0"):
        table.write_text("image\n" + "".join(f"{form.format(number)}\n" for number in range(6)))
        assert [each.path for each in images_of([str(table)])] == files, form
    table.write_text("image\n/etc/passwd\n../../etc/passwd\nimgs/000.png\n")
    problems = [each.problem or "" for each in images_of([str(table)])]
    assert ["leads out of the image folder" in problem for problem in problems] == [True, True, False]


def test_a_large_folder_streams(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than a batch is asked for before answers come out."""
    asked = 0

    def endless() -> Iterator[Named]:
        nonlocal asked
        while True:
            asked += 1
            yield Named("x", home.root / "data" / "class0" / "000.png")

    network = room.load_network(home.run(1).best, torch.device("cpu"), home)
    answers = room.predict(network, endless(), 4, [])
    assert len([next(answers) for _ in range(8)]) == 8 and asked == 8


def test_wrong_calls_end_with_2(home: Home, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    at = ["--home", str(home.root)]
    assert resnet_tui(["predict", "9", "x.png", *at]) == 2
    assert "there is no run 9" in capsys.readouterr().err
    assert resnet_tui(["predict", "2", "x.png", *at]) == 2
    assert "run 2 (queued) has no weights" in capsys.readouterr().err
    assert resnet_tui(["predict", "1", *at]) == 2
    (tmp_path / "other.safetensors").write_bytes(b"junk")
    assert room.main(["--weights", str(tmp_path / "other.safetensors"), "x.png"]) == 2
    assert "is damaged" in capsys.readouterr().err
    assert room.main(["--weights", str(home.run(1).best), "--device", "cuda:9", "x.png"]) == 2


def test_the_verb_runs_it_in_a_process_of_its_own(
    home: Home, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.root)
    os.makedirs("-odd", exist_ok=True)
    shutil.copy("data/class2/000.png", "-odd/a,b.png")
    assert resnet_tui(["predict", "1", "--device", "cpu", "--", "-odd"]) == 0
    said = capfd.readouterr()
    assert said.out.splitlines()[0] == "image,answer,score"
    assert said.out.splitlines()[1].startswith('"./-odd/a,b.png",class') and said.err.startswith("1 image, ")


def test_an_interrupt_while_torch_is_imported_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "engine.prediction.predictor":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "engine.prediction.predictor", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert importlib.import_module("engine.prediction.__main__").main() == 130
