"""`resnet-tui data check` and `data split`, as a script calls them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from pictures import class_folders, draw, lab_csvs, write_column
from PIL import Image

from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions
from tui.cli import run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def eyes(root: Path, patients: int = 20) -> Path:
    """The lab's CSVs whose split puts each patient's left eye into train and the right one into test."""
    for split, eye in (("train", "left"), ("test", "right")):
        names = [f"{patient}_{eye}" for patient in range(patients)]
        for number, name in enumerate(names):
            draw(root / "images" / f"{name}.png", number % 2, number)
        write_column(root / f"{split}_img.csv", names)
        write_column(root / f"{split}_label.csv", [str(number % 2) for number in range(patients)])
    return root


def document(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict:  # type: ignore[type-arg]
    assert run(["data", "check", *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def test_check_says_what_the_lab_set_hides(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    eyes(home / "lab")
    found = document(capsys, "lab", "--names-only")
    assert found["usable"] and found["layout"] == "lab CSVs, images in images" and found["baseline"] == 0.5
    assert found["splits"]["test"] == {"images": 20, "per_class": [10, 10], "drawn": False}
    assert found["groups"] == {"rule": "names <patient>_left and _right", "count": 20, "largest": 2}
    shared = found["shared_groups"]
    assert (shared["images"], shared["of"], shared["accuracy"], shared["kappa"]) == (20, 20, 1.0, 1.0)
    assert [problem["kind"] for problem in found["problems"]] == ["no_header", "shared_groups"]
    assert found["problems"][0]["examples"] == ["train 0_left", "test 0_right"]
    assert found["names_only"] and found["sizes"] is None
    assert run(["data", "check", "lab"]) == 0
    out = capsys.readouterr().out
    assert "20 of 20 test images (100.0 %) have group members in train" in out
    assert "sizes      16×16 (40)" in out and out.endswith("✔ usable, 3 warnings\n")


def test_check_names_test_images_that_are_copies_of_train_images(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab_csvs(home / "lab")
    images = home / "lab" / "images"
    assert "copies" not in {problem["kind"] for problem in document(capsys, "lab")["problems"]}
    (images / "test0_left.jpeg").write_bytes((images / "train1_left.jpeg").read_bytes())
    [copies] = [each for each in document(capsys, "lab")["problems"] if each["kind"] == "copies"]
    assert copies["severity"] == "warning" and copies["examples"] == ["test0_left.jpeg"]
    assert "1 of 4 test and val images are copies of train images" in copies["text"]


def test_check_opens_the_images_and_lists_all_problems(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab_csvs(home / "lab")
    (home / "lab" / "images" / "train1_left.jpeg").write_bytes(b"")
    whole = (home / "lab" / "images" / "train2_left.jpeg").read_bytes()
    (home / "lab" / "images" / "train2_left.jpeg").write_bytes(whole[: len(whole) // 2])
    (home / "lab" / "images" / "test0_left.jpeg").unlink()
    draw(home / "lab" / "images" / "unlabelled.png", 0, 5)
    found = document(capsys, "lab", code=1)
    kinds = {problem["kind"]: problem for problem in found["problems"]}
    assert set(kinds) == {"no_header", "missing_files", "extra_files", "empty_files", "unreadable_images"}
    assert kinds["unreadable_images"]["count"] == 1 and kinds["extra_files"]["examples"] == ["unlabelled.png"]
    assert not found["usable"] and found["sizes"] == {"16×16": 7} and found["modes"] == {"RGB": 7}
    assert run(["data", "check", "lab", "--names-only"]) == 1
    out = capsys.readouterr().out
    assert "✖ 1 of 10 images are not in" in out and out.endswith("✖ cannot be used, 1 warning\n")
    skipping = document(capsys, "lab", "--on-bad", "skip")
    assert skipping["images"] == found["images"] - 3 == 7  # without the missing, the empty and the torn one
    severities = {problem["kind"]: problem["severity"] for problem in skipping["problems"]}
    assert severities == {kind: "note" if kind == "extra_files" else "warning" for kind in kinds}
    assert skipping["usable"] and skipping["sizes"] == {"16×16": 7}


def test_check_of_what_is_no_data(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert document(capsys, "nothing", code=1)["layout"] is None
    assert run(["data", "check", "nothing"]) == 1
    assert "does not exist" in capsys.readouterr().out
    assert run(["data", "check", "digits", "--test-fraction", "2"]) == 2
    assert "--test-fraction: 2 is out of range" in capsys.readouterr().err
    assert document(capsys, "digits")["splits"]["test"]["drawn"]


def test_check_says_that_a_fold_was_drawn_of_data_with_their_own_test_split(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    eyes(home / "lab")
    fold = ("lab", "--names-only", "--folds", "2", "--fold", "1", "--split-seed", "3")
    found = document(capsys, *fold)
    assert found["splits"]["test"]["drawn"] and not found["splits"]["train"]["drawn"]
    assert (found["folds"], found["split_seed"]) == (2, 3)
    assert run(["data", "check", *fold]) == 0
    split = "split      test, one of 2 folds, drawn at random, seeded by their fingerprint and split seed 3"
    assert split in capsys.readouterr().out.splitlines()
    assert run(["data", "check", "digits", "--names-only"]) == 0
    said = "split      the data have none: train and test drawn at random, seeded by their fingerprint"
    assert said in capsys.readouterr().out.splitlines()


def test_a_name_that_is_not_utf8_is_escaped(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab_csvs(home / "lab")
    (home / "lab" / "images" / "stray\udce9.png").write_bytes(b"x")
    found = document(capsys, "lab", "--names-only")
    assert [each["examples"] for each in found["problems"] if each["kind"] == "extra_files"] == [
        ["stray\udce9.png"]
    ]


def test_a_call_without_a_verb_or_with_a_strangers_folder(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "resnet-tui: data needs a verb, check or split: see resnet-tui data --help\n"
    class_folders(home / "folders")
    assert run(["data", "split", "folders", "--out", "~nobody_here/new"]) == 0
    assert (home / "~nobody_here" / "new" / "labels.csv").is_file()


def test_split_writes_what_add_then_takes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    eyes(home / "lab")
    call = ["data", "split", "lab", "--group", "pattern", "--test-fraction", "0.3", "--val-fraction", "0.2"]
    assert run([*call, "--out", "new"]) == 0
    out = capsys.readouterr().out
    assert "by 20 groups (names <patient>_left and _right), none in two splits" in out
    assert out.endswith("next: resnet-tui add --data new\n")
    index = survey_folder(home / "new", ReadOptions()).checked()
    assert [index.counts(split) for split in ("train", "val", "test")] == [[12, 12], [2, 2], [6, 6]]
    assert not [problem for problem in survey_folder(home / "new", ReadOptions()).warnings]
    assert index.group_rule == "column group" and (home / "new" / "images").readlink() == Path(
        "../lab/images"
    )
    table = (home / "new" / "labels.csv").read_text()
    assert run([*call, "--out", "again"]) == 0 and (home / "again" / "labels.csv").read_text() == table
    assert run([*call, "--out", "other", "--seed", "1"]) == 0
    assert (home / "other" / "labels.csv").read_text() != table
    assert run(["add", "--data", "new"]) == 0
    assert "24 train, 4 val, 12 test" in capsys.readouterr().err


def test_split_refuses_and_leaves_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class_folders(home / "folders")
    before = sorted(home.rglob("*"))
    for arguments, says in (
        (["folders", "--group", "pattern", "--out", "x"], "follow no pattern of groups"),
        (["folders", "--out", "folders"], "is not empty"),
        (["folders", "--out", "folders/class0/new"], "would be a class of"),
        (["digits", "--out", "x"], "built in"),
        (["folders", "--group", "patient", "--out", "x"], "no table, and so no column 'patient'"),
    ):
        assert run(["data", "split", *arguments]) == 2
        err = capsys.readouterr().err
        assert says in err and err.count("\n") == 1
    assert sorted(home.rglob("*")) == before


def test_split_keeps_names_and_the_order_of_classes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "t").mkdir()
    names = [f"a, {number}.png" for number in range(12)]
    for number, name in enumerate(names):
        draw(home / "t" / "eyes" / name, number % 2, number)
    rows = [(name, ("sick", "fit")[number % 2], f"P{number // 4}") for number, name in enumerate(names)]
    with (home / "t" / "l.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "label", "who"), *rows])
    call = ["data", "split", "t/l.csv", "--group", "who", "--label-column", "label", "--out", "u"]
    assert run([*call, "--class-names", "fit,sick", "--test-fraction", "0.34"]) == 0
    assert capsys.readouterr().out.endswith("add --data u --class-names fit,sick\n")
    index = survey_folder(home / "u", ReadOptions(class_names=("fit", "sick"))).checked()
    assert index.names == tuple(names) and index.labels[0] == 1 and len(set(index.groups or ())) == 3
    assert index.counts("test") == [2, 2]


def test_split_leaves_missing_images_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    eyes(home / "lab")
    call = ["data", "split", "lab", "--group", "pattern", "--test-fraction", "0.3", "--on-bad", "skip"]
    assert run([*call, "--out", "whole"]) == 0 and "left out" not in capsys.readouterr().out
    (home / "lab" / "images" / "3_left.png").unlink()
    assert run([*call, "--out", "less"]) == 0
    assert ": 39 images, split by 20 groups" in (out := capsys.readouterr().out)
    assert "none in two splits; 1 missing images left out" in out
    lines = (home / "whole" / "labels.csv").read_text().splitlines()
    less = (home / "less" / "labels.csv").read_text().splitlines()
    assert less == [line for line in lines if not line.startswith("3_left.png,")]


def test_split_by_large_groups_is_read_back_with_them(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"a{n:02}.png,{n % 2},h{n // 20 if n < 40 else n // 5}\n" for n in range(60)]
    for row in range(60):
        draw(home / "sites" / "im" / f"a{row:02}.png", row % 2, row)
    (home / "sites" / "l.csv").write_text("image,label,site\n" + "".join(rows))
    call = ["data", "split", "sites", "--group", "site", "--label-column", "label", "--test-fraction", "0.3"]
    assert run([*call, "--out", "new"]) == 0
    assert capsys.readouterr().out.endswith("next: resnet-tui add --data new --group-column group\n")
    found = document(capsys, "new", "--group-column", "group", "--names-only")
    assert found["groups"] == {"rule": "column group", "count": 6, "largest": 20}
    assert found["shared_groups"] is None
    problems = document(capsys, "new", "--names-only")["problems"]
    assert [each["kind"] for each in problems] == ["groups_not_used"]
    assert "column group puts 20 of 60 images into one group" in problems[0]["text"]


@pytest.mark.parametrize(("top", "is_dark"), [(4095, True), (60000, False)])
def test_check_warns_of_12_bits_in_16(
    home: Path, capsys: pytest.CaptureFixture[str], top: int, is_dark: bool
) -> None:
    for number in range(8):
        levels = np.linspace(0, top * (number + 1) / 8, 256).reshape(16, 16).astype(np.uint16)
        path = home / "deep" / f"class{number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(levels).save(path)
    found = document(capsys, "deep")
    assert found["highest_level"] == top
    assert [each["kind"] for each in found["problems"]] == (["dark_levels"] if is_dark else [])


@pytest.mark.parametrize("field", ["images", "image-column", "label-column", "group-column", "class-names"])
def test_flags_that_built_in_data_cannot_use_are_refused(
    home: Path, capsys: pytest.CaptureFixture[str], field: str
) -> None:
    for call in (["data", "check", "digits"], ["add", "--data", "digits"]):
        assert run([*call, f"--{field}", "a,b"]) == 2
        err = capsys.readouterr().err
        assert f"digits is built in, and has no {field.replace('-', '_')}: leave it out" in err


def graded(root: Path, heading: str) -> None:
    for number in range(30):
        draw(root / "images" / f"{number:02}.png", number % 3, number)
    rows = "".join(f"{number:02}.png,{number % 3}\n" for number in range(30))
    (root / "list.csv").write_text(f"image,{heading}\n{rows}")


def test_check_says_whether_the_classes_are_grades(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for heading, ordered, why, line in (
        ("level", True, "column level holds grades", "3, in order (column level holds grades; --ordered off if not)"),
        ("label", False, "column label does not say so",
         "3, no order (column label does not say so; --ordered on if they are grades)"),
    ):  # fmt: skip
        graded(home / heading, heading)
        found = document(capsys, heading, "--names-only")
        assert (found["ordered"], found["ordered_why"]) == (ordered, why)
        assert run(["data", "check", heading, "--names-only"]) == 0
        assert f"\nclasses    {line}\n" in capsys.readouterr().out
    assert (
        document(capsys, "label", "--names-only", "--ordered", "on")["ordered_why"] == "setting ordered is on"
    )
    assert document(capsys, "fundus")["ordered"] and not document(capsys, "digits")["ordered"]
    two = eyes(home / "lab")
    assert run(["data", "check", str(two), "--names-only"]) == 0
    assert "\nclasses    2\n" in capsys.readouterr().out, "two classes have no order to speak of"


def test_split_says_how_the_classes_stay_in_order(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for heading, flags in (("level", " --ordered on"), ("label", "")):
        graded(home / heading, heading)
        assert run(["data", "split", heading, "--out", f"{heading}-split"]) == 0
        assert capsys.readouterr().out.endswith(f"add --data {heading}-split{flags}\n")
        found = document(capsys, f"{heading}-split", "--names-only", *flags.split())
        assert found["ordered"] == (heading == "level") and found["class_names"] == ["0", "1", "2"]
    folders = home / "numbers"
    for name in ("10", "20", "300"):
        for number in range(5):
            draw(folders / name / f"{number}.png", 1, number)
    assert run(["data", "split", "numbers", "--out", "apart"]) == 0
    assert capsys.readouterr().out.endswith("add --data apart --class-names 10,20,300\n")
