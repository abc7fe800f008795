"""The verbs as a script calls them: what they print, where, and the exit code."""

import json
import os
import re
import subprocess
import sys

import pytest
from pictures import class_folders, lab_csvs
from shell import Shell
from torch_here import load_torch_here
from waiting import LIMIT_S

from engine import torch_subprocess
from engine.hardware import worker_start
from engine.store import listing
from engine.store.database import Store
from tests.support.forking import fork_torch


def test_add_prints_ids_alone_and_warns_of_repeats(shell: Shell) -> None:
    assert (
        shell("add", "--data", "digits", "--arch", "resnet18,resnet34", "--lr", "0.1,1e-2", "--sweep", "s")
        == 0
    )
    grid, written = shell.err.splitlines()
    assert shell.out == "1\n2\n3\n4\n" and written.startswith("will write 7")
    assert grid == "a grid of 4 runs: arch resnet18, resnet34; lr 0.1, 0.01"
    assert (
        shell("add", "--data", "digits", "--lr", "0.1", "--after", "2", "--priority", "3", "--name", "again")
        == 0
    )
    assert shell.out == "5\n" and shell.err.startswith("run 5 repeats run 1: same settings, same data\nwill")
    assert shell("ls", "--sweep", "s", "--json") == 0
    runs = json.loads(shell.out)["runs"]
    assert [(run["arch"], run["lr"]) for run in runs] == [
        ("resnet18", 0.1), ("resnet18", 0.01), ("resnet34", 0.1), ("resnet34", 0.01),
    ]  # fmt: skip
    assert shell("show", "5", "--json") == 0
    shown = json.loads(shell.out)
    assert shown["waiting"]["reason"] == "waits for #2" and shown["best"] is None and shown["metrics"] == []


def test_add_reads_the_data_before_it_queues(shell: Shell) -> None:
    lab_csvs(shell.home / "data" / "retina")
    assert shell("add", "--data", str(shell.home / "data" / "retina")) == 0
    described, warning, written = shell.err.splitlines()
    assert described == (
        "lab CSVs, images in images: 6 train, 4 test, 3 classes (train: 0 3, 1 2, 2 1), "
        "in order (the lab's CSVs hold grades; --ordered off if not), baseline 0.5000"
    )
    assert warning.startswith("warning: the CSVs have no header: all rows are read here")
    assert written.startswith("will write 136 MB (checkpoints 89.6 MB, best weights 44.8 MB, predictions")
    assert shell("ls", "--json") == 0
    assert json.loads(shell.out)["runs"][0]["data"] == "data/retina"


def test_long_grids_are_lists_not_file_names(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--seed", ",".join(map(str, range(300)))) == 0
    assert shell.out.count("\n") == 300
    assert "a grid of 300 runs: seed 0, 1, 2, 3, 4, 5 … (300 values)" in shell.err


def test_a_flag_given_twice_makes_a_grid_and_says_so(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--lr", "0.1", "--lr", "0.01") == 0
    assert shell.out == "1\n2\n" and "a grid of 2 runs: lr 0.1, 0.01" in shell.err.splitlines()
    assert shell("clone", "1", "--lr", "0.3", "--seeds", "2") == 2
    assert shell("clone", "1,2", "--seed", "7") == 0 and "a grid of 2 runs: lr 0.1, 0.01" in shell.err
    assert shell("clone", "1", "--seed", "8") == 0 and "grid" not in shell.err


def test_the_demo_says_why_its_worker_cannot_start(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["/bin/sh", "-c", "echo the driver is too old: make install; exit 2"]
    monkeypatch.setattr(worker_start, "worker_command", lambda _home, **_: command)
    assert shell("demo", "--headless") == 2
    assert shell.err.splitlines()[-1] == "resnet-tui: the driver is too old: make install"


def test_bad_input_is_one_line_and_queues_nothing(shell: Shell) -> None:
    lab_csvs(shell.home / "short")
    (shell.home / "short" / "test_label.csv").write_text("0\n")
    lab_csvs(shell.home / "empty")
    (shell.home / "empty" / "train_img.csv").write_text("")
    lab_csvs(shell.home / "outside")
    (shell.home / "outside" / "test_img.csv").write_text("../secret\na\nb\nc\n")
    for flags, says in {
        ("--data", "digits", "--arch", "vgg16"): "--arch: 'vgg16' is unknown: choose from resnet18",
        ("--data", "digits", "--lr", "0"): "--lr: 0 is out of range: must be above 0",
        ("--data", "digits", "--lr", "fast"): "--lr: 'fast' is not a number",
        ("--data", "nowhere"): "nowhere does not exist",
        ("--data", "short"): "they must pair up row by row",
        ("--arch", "resnet18"): "--data: is required",
        ("--data", "digits", "--pretrained", "run:9"): "there is no run 9",
        ("--data", "digits", "--after", "9"): "no run table at",
        ("--data", "digits", "--bogus"): "No such option: --bogus",
        ("--data", "digits", "--epochs", "9" * 30): "--epochs: 999",
        ("--data", "digits", "--priority", "9" * 30): "--priority",
        ("--data", "digits", "--name", "caf\udce9"): "--name: caf\\udce9 is not UTF-8 text",
        ("--data", "~nobody-here/x"): "does not exist",
        ("--data", "digits", "--pretrained", "x.pth"): "--pretrained: there is no weights file x.pth",
    }.items():
        assert says in shell.refuses("add", *flags)
    for data, says in {
        "empty": ("train_img.csv is empty", "has no train images"),
        "outside": ("'../secret' leads out of the", "the first is 'a'", "all test images of"),
    }.items():
        assert shell("add", "--data", data) == 2 and shell.out == ""
        assert all(part in line for part, line in zip(says, shell.err.splitlines(), strict=True))
    assert not (shell.home / "runs.db").exists() or shell("ls") == 0 and shell.out.count("\n") == 1


def test_databases_that_cannot_be_used(shell: Shell) -> None:
    assert "no run table at" in shell.refuses("ls")
    assert list(shell.home.iterdir()) == []
    (shell.home / "runs.db").write_text("not a database at all, but text " * 50)
    assert "is not a resnet-tui database" in shell.refuses("ls")
    assert "is not a resnet-tui database" in shell.refuses("add", "--data", "digits")
    assert "cannot be opened" in shell.refuses("add", "--data", "digits", "--home", "/sys")


def test_ls_and_show_tell_what_the_study_did(shell: Shell, study: Store) -> None:
    assert shell("ls") == 0
    lines = shell.out.splitlines()
    assert len(lines) == 9 and lines[0].split()[:5] == ["id", "status", "data", "arch", "pretrained"]
    assert "collapsed" in lines[3] and "the loss is not finite at step 41" in lines[6]
    assert "waits for #5" in lines[7] and "next" in lines[8]
    assert shell("ls", "--status", "done,failed", "--sort", "best", "--json") == 0
    assert [run["id"] for run in json.loads(shell.out)["runs"]] == [4, 2, 6, 1, 3]
    assert shell("show", "4", "--json") == 0
    shown = json.loads(shell.out)
    assert shown["pretrained"] == "run:2" and shown["best"]["epoch"] == 6 and shown["last"]["epoch"] == 6
    assert [row["epoch"] for row in shown["metrics"]] == list(range(7))
    confusion = shown["metrics"][-1]["confusion"]
    right = sum(row[label] for label, row in enumerate(confusion))
    assert right / sum(map(sum, confusion)) == pytest.approx(shown["last"]["test_acc"])
    assert set(shown["verdict"]) == {"kind", "evidence", "ruled_out", "suggestion", "change"}
    assert shown["verdict"]["ruled_out"] == "logits within ±3" and shown["verdict"]["change"] == {"lr": 0.01}
    assert shown["verdict"]["kind"] == "healthy" and shown["baseline"] == pytest.approx(147 / 201)
    assert shell("show", "6") == 0 and "try a smaller lr: 0.01" in shell.out
    assert "there is no run 99" in shell.refuses("show", "99")
    assert "Invalid value for 'ID'" in shell.refuses("show", "9" * 30)
    assert "come after the verb: resnet-tui ls --home DIR" in shell.refuses("--home", "x", "ls")
    assert "'lost' is unknown" in shell.refuses("ls", "--status", "lost")
    assert "'size' is unknown" in shell.refuses("ls", "--sort", "size")


def test_add_refuses_what_the_data_cannot_choose_an_epoch_by(shell: Shell) -> None:
    class_folders(shell.home / "pets", each=5)
    needs_val = "--select-on: val_acc needs a val split: give --val-fraction 0.1"
    assert needs_val in shell.refuses("add", "--data", "pets", "--select-on", "val_acc")
    assert needs_val in shell.refuses("add", "--data", "fundus", "--select-on", "val_acc")
    unordered = shell.refuses("add", "--data", "pets", "--select-on", "test_kappa")
    assert (
        "test_kappa needs ordered classes: choose --select-on test_acc, --select-on test_balanced_acc, "
        "or --ordered on if they are grades" in unordered
    )
    for split in ("train", "val", "test"):
        class_folders(shell.home / "split" / split, each=2)
    assert shell("add", "--data", "split", "--select-on", "val_balanced_acc", "--eval-train") == 0
    assert shell("ls", "--json") == 0
    [run] = json.loads(shell.out)["runs"]
    assert (run["select_on"], run["eval_train"]) == ("val_balanced_acc", True)


def test_show_and_ls_say_what_chose_the_best_epoch(shell: Shell, study: Store) -> None:
    assert shell("show", "4") == 0
    assert "best: epoch 6, test accuracy .9204; chosen by test_acc (optimistic: best epoch" in shell.out
    assert max(map(len, shell.out.splitlines())) <= 80
    assert shell("show", "4", "--json") == 0
    best = json.loads(shell.out)["best"]
    assert best["selected_on"] == "test_acc" and best["selected_value"] == best["test_acc"]
    assert shell("ls") == 0
    lines = [line.split() for line in shell.out.splitlines()]
    assert lines[0][lines[0].index("best") :][:3] == ["best", "baseline", "chosen"]
    assert lines[0][-2:] == ["name", "remark"], "every column has a heading"
    assert lines[4][9:12] == [".9204", ".7313", "test_acc"] and lines[5][0] == "5"


def test_ls_sorts_by_a_metric_of_the_best_epoch_and_shows_it(shell: Shell, study: Store) -> None:
    assert shell("ls", "--sort", "balanced_acc") == 0
    lines = [line.split() for line in shell.out.splitlines()]
    place = lines[0].index("balanced_acc")
    assert [line[0] for line in lines[1:]] == ["4", "2", "6", "1", "5", "3", "7", "8"]  # the best first
    assert (
        lines[1][place] == ".7548"
    )  # `chosen by` is two words in the head, `seed 0` below `settings` in the row
    assert shell("ls", "--sort", "test_nll", "--json") == 0
    losses = [run["best_metrics"]["test_nll"] for run in json.loads(shell.out)["runs"] if run["best_metrics"]]
    assert losses == sorted(losses) and len(losses) == 6
    assert "'speed' is unknown: seed, split_seed, sweep?" in shell.refuses("ls", "--sort", "speed")
    assert "'zzz' is unknown: choose from id" in shell.refuses("ls", "--sort", "zzz")


def test_a_spec_stored_before_a_setting_existed_is_shown_with_its_default(shell: Shell, study: Store) -> None:
    with study.write() as session:
        run = listing.get_run(session, 4)
        run.spec = json.dumps(
            {name: value for name, value in json.loads(run.spec).items() if name != "eval_train"}
        )
    assert shell("show", "4", "--json") == 0
    assert json.loads(shell.out)["eval_train"] is False
    assert shell("show", "4") == 0 and "eval_train off" in shell.out


def test_cancel_and_wait(shell: Shell, study: Store) -> None:
    assert "run 1 is done: it cannot be cancelled" in shell.refuses("cancel", "8", "1")
    assert shell("cancel", "5", "8") == 0
    assert shell.err == "run 5: asked to stop\nrun 8: cancelled\n"
    with study.read() as session:
        assert listing.get_run(session, 5).request == "cancel"
    assert shell("wait", "1", "2") == 0 and shell.err == ""
    assert shell("wait", "1", "6", "8") == 1
    assert shell.err == "run 6 failed: the loss is not finite at step 41 of epoch 3\nrun 8 cancelled\n"


def test_log_prints_the_last_words_of_a_run_that_was_killed(shell: Shell, study: Store) -> None:
    (shell.home / "runs" / "6").mkdir(parents=True)
    (shell.home / "runs" / "6" / "log.txt").write_text("epoch 1\nstep 41: the loss is")
    for flags in ((), ("--follow",)):
        assert shell("log", "6", *flags) == 0
        assert shell.out == "epoch 1\nstep 41: the loss is\n"


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
@pytest.mark.parametrize("call", [("ls",), ("show", "6")])
def test_what_an_encoding_lacks_is_printed_as_the_nearest_ascii(
    shell: Shell, study: Store, call: tuple[str, ...], encoding: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from tui.cli import main; main()", *call],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert shell(*call) == 0
    near = shell.out.translate(
        str.maketrans("–≈…✖⚠", "-~~x!") | ({ord("±"): "~"} if encoding == "ascii" else {})
    )
    assert near != shell.out
    clock = re.compile(r"\d\d:\d\d")  # a minute may have passed
    assert clock.sub("", done.stdout.decode(encoding)) == clock.sub("", near)


def test_log_prints_what_came_from_outside_as_text(shell: Shell, study: Store) -> None:
    folder = shell.home / "runs" / "6"
    folder.mkdir(parents=True)
    (folder / "log.txt").write_bytes(b"epoch 1\nname \x1b[31mred\x1b[0m \xe2\x80\xae evil\n")
    assert shell("log", "6", "--follow") == 0
    assert shell.out == "epoch 1\nname \\x1b[31mred\\x1b[0m \\u202e evil\n"


def test_report_writes_a_page_and_its_figures(
    shell: Shell, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_torch_here(monkeypatch)
    assert shell("report", "--sweep", "demo", "--out", "out") == 0
    page = (shell.home / "out" / "report.md").read_text()
    assert "25,557,032" in page and "(epoch chosen on the test set)" in page and "collapsed" in page
    assert sorted(path.name for path in (shell.home / "out").glob("*fundus*.png")) == [
        "accuracy-fundus-balanced-resnet18.png", "accuracy-fundus-resnet18.png", "accuracy-fundus-resnet50.png",
        "confusion-fundus-balanced.png", "confusion-fundus.png",
    ]  # fmt: skip
    assert "no run" in shell.refuses("report", "--sweep", "nothing", "--out", "out2").lower()
    assert not (shell.home / "out2").exists()


def test_doctor_names_what_it_looked_at(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    fork_torch(monkeypatch, sys.modules["tui.cli.doctor"])
    assert shell("doctor", "--json") == 0
    found = json.loads(shell.out)
    names = {check["name"] for check in found["checks"]}
    assert found["ok"] and {"python", "torch", "device", "home", "run table", "free space"} <= names
    assert found["device"]["torch"]["version"]
    assert shell("doctor", "--home", str(shell.home / "nothing")) == 1
    assert "cannot be written" in shell.out


def test_doctor_reports_all_else_where_torch_does_not_start(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as forking:
        fork_torch(forking, torch_subprocess)
        assert shell("add", "--data", "digits", "--pretrained", "imagenet") == 0
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert shell("doctor", "--json") == 1
    checks = {check["name"]: check for check in json.loads(shell.out)["checks"]}
    assert "run make install" in checks["device"]["problem"]
    assert "run make install" in checks["ImageNet"]["problem"]
    assert checks["run table"]["problem"] is None


def test_the_app_needs_a_terminal(shell: Shell) -> None:
    assert "the app needs a terminal" in shell.refuses()


def test_class_folders_are_described(shell: Shell) -> None:
    class_folders(shell.home / "pets", each=5)
    assert shell("add", "--data", "pets", "--epochs", "1") == 0
    described = "class folders: 12 train, 3 test, 3 classes (train: class0 4, class1 4, class2 4), no order ("
    why = "names of folders do not say so; --ordered on if they are grades), baseline 0.3333\nwill write "
    assert shell.err.startswith(described + why)
