"""`predict --cam DIR`: pictures and their twins in numbers, hostile names, folders that take none."""

import contextlib
import io
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from quadrants import trained_on_quadrants

from engine.files.paths import Home
from engine.prediction import cam_folder
from engine.prediction import predictor as room
from engine.store.add import add_runs
from engine.store.database import open_store
from tests.support.forking import fork_torch
from tui.cli import run as resnet_tui

pytest.importorskip("captum", reason="captum makes the maps")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    torch.set_num_threads(1)
    made, spec = trained_on_quadrants(tmp_path_factory.mktemp("home"), epochs=1, each=12)
    store = open_store(made.database)
    add_runs(store, [spec])
    store.close()
    return made


def mapped(home: Home, folder: Path, *arguments: str) -> int:
    at = [
        "--weights",
        str(home.run(1).best),
        "--home",
        str(home.root),
        "--device",
        "cpu",
        "--cam",
        str(folder),
    ]
    return room.main([*at, *arguments])


def test_a_picture_and_its_twin_for_each_image(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = [str(home.root / "data" / f"class{label}" / "000.png") for label in (0, 1)]
    out = tmp_path / "new" / "maps"
    assert mapped(home, out, "--json", *images) == 0
    found = json.loads(capsys.readouterr().out)["predictions"]
    assert sorted(each.name for each in out.iterdir()) == [
        "00001-000.json", "00001-000.png", "00002-000.json", "00002-000.png",
    ]  # fmt: skip
    for image, prediction in zip(images, found, strict=True):
        with Image.open(prediction["picture"]) as picture:
            assert picture.size == (2 * 224 + 8, 224) and picture.mode == "RGB"
        twin = json.loads(Path(prediction["picture"]).with_suffix(".json").read_text())
        assert twin["image"] == image and twin["picture"] == prediction["picture"]
        assert twin["class"] == twin["predicted"] == prediction["answer"]
        assert twin["score"] == pytest.approx(prediction["score"], abs=1e-6)
        assert twin["grid"] == [8, 8] and twin["epoch"] in (0, 1) and twin["run"] == 1
        assert "square" in twin["seen_as"] and set(twin["quadrants"] or {}) <= set(cam_folder_quadrants())


def cam_folder_quadrants() -> tuple[str, ...]:
    from engine.prediction.class_maps import QUADRANTS

    return QUADRANTS


def test_the_class_can_be_chosen(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = str(home.root / "data" / "class0" / "001.png")
    assert mapped(home, tmp_path / "a", "--cam-class", "class1", image) == 0
    twin = json.loads((tmp_path / "a" / "00001-001.json").read_text())
    assert twin["class"] == "class1" and 0 <= twin["score"] <= 1
    capsys.readouterr()
    assert mapped(home, tmp_path / "b", "--cam-class", "cat", image) == 2
    said = capsys.readouterr()
    assert "there is no class 'cat': choose one of class0, class1" in said.err and said.out == ""
    assert not (tmp_path / "b").exists()


def test_names_of_images_lead_nowhere(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["-x;rm \x1b[31m.png", "ü/..", "a" * 300, "..", "", "C:\\x\\y.png", "\udcff.png", "α β.jpeg"]
    stems = [cam_folder.file_stem(name) for name in names]
    assert all(stem and len(stem) <= 80 and stem.isascii() and "/" not in stem for stem in stems)
    odd = tmp_path / "odd"
    odd.mkdir()
    source = home.root / "data" / "class0" / "000.png"
    for name in (b"-a\x1b.png", b"\xff.png", b"b\nc.png"):
        shutil.copy(source, os.fsencode(odd) + b"/" + name)
    # One name is no UTF-8: pytest cannot read it back from the streams that it captures.
    aside = io.TextIOWrapper(io.BytesIO(), errors="surrogateescape")
    with contextlib.redirect_stdout(aside), contextlib.redirect_stderr(aside):
        assert mapped(home, tmp_path / "maps", "--", str(odd)) == 0
    assert len(list((tmp_path / "maps").glob("*.png"))) == 3 == len(list((tmp_path / "maps").glob("*.json")))


def test_a_folder_that_is_not_empty_or_takes_no_files_is_refused(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = str(home.root / "data" / "class0" / "000.png")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert mapped(home, tmp_path / "full", image) == 2
    said = capsys.readouterr()
    assert "is not empty: choose a new folder" in said.err and said.out == ""
    assert [each.name for each in (tmp_path / "full").iterdir()] == ["mine.txt"]
    assert mapped(home, tmp_path / "full" / "mine.txt", image) == 2
    assert "cannot be written into" in capsys.readouterr().err
    assert mapped(home, Path("/proc/none"), image) == 2
    assert "cannot be written into /proc/none" in capsys.readouterr().err.splitlines()[-1]


def test_a_full_disk_is_told_and_leaves_no_half_picture(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import resource

    image = str(home.root / "data" / "class0" / "000.png")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        code = mapped(home, tmp_path / "maps", image)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 2 and "larger than the disk or your limits allow" in capsys.readouterr().err
    assert list((tmp_path / "maps").iterdir()) == []


def test_the_verb(
    home: Home, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fork_torch(monkeypatch, sys.modules["tui.cli.predict"])
    image, at = str(home.root / "data" / "class1" / "000.png"), ["--home", str(home.root)]
    assert resnet_tui(["predict", "1", image, "--cam-class", "class1", *at]) == 2
    assert "--cam-class needs --cam DIR" in capfd.readouterr().err
    assert resnet_tui(["predict", "1", image, "--cam", str(tmp_path / "-odd"), "--device", "cpu", *at]) == 0
    assert capfd.readouterr().out.startswith("image,answer,score\n")
    assert len(list((tmp_path / "-odd").iterdir())) == 2


def test_without_captum_nothing_is_written(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    assert mapped(home, tmp_path / "maps", str(home.root / "data" / "class0" / "000.png")) == 2
    assert "pip install captum" in capsys.readouterr().err and not (tmp_path / "maps").exists()
