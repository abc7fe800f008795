"""A network out of a user's own file on the command line: refused before it is queued, or trained to its report."""

import json
import re
import sys

import pytest
from pictures import class_folders
from plugin_file import NAME, TEXT, write_plugin
from shell import Shell
from torch_here import load_torch_here

from engine.prediction import predictor
from engine.spec.grid import load_spec
from engine.store import listing
from engine.store.database import open_store
from tests.support.forking import Forked

SMALL = ("--data", "data", "--image-size", "16", "--batch-size", "8", "--epochs", "1", "--threads", "1")


def arch_of(shell: Shell, run_id: int) -> str:
    with open_store(f"sqlite:///{shell.home}/runs.db").read() as session:
        return load_spec(listing.get_run(session, run_id).spec).arch


def test_a_plugin_is_built_before_its_runs_are_queued(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    load_torch_here(monkeypatch)
    path = write_plugin(shell.home)
    said = shell.refuses("add", "--data", "digits", "--arch", f"{NAME}:raises")
    assert f"{path}, line 50: raises raised: ValueError: a bad\n" in said
    assert not (shell.home / "runs.db").exists()
    assert shell("add", "--data", "digits", "--arch", f"resnet18,{path}:small") == 0, shell.err
    assert shell.out == "1\n2\n" and "and the weights of 1 plug-in runs" in shell.err
    assert [arch_of(shell, run_id) for run_id in (1, 2)] == ["resnet18", f"{NAME}:small"]
    assert "small (model.py)" in (shell("ls"), shell.out)[1]
    assert "the network of large takes no 32 px image" in shell.refuses(
        "edit", "1", "--arch", f"{NAME}:large"
    )
    assert "run 1 is a resnet18, and its weights do not fit a model.py:small" in shell.refuses(
        "add", "--data", "digits", "--arch", f"{NAME}:small", "--pretrained", "run:1"
    )


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--arch", "vgg16"), "--arch: 'vgg16' is unknown: choose from resnet18, "),
        (("--arch", "m.py:f", "--pretrained", "imagenet"), "imagenet has no weights for m.py:f: choose none"),
        (("--arch", "m.py:f", "--stem", "cifar"), "--stem: is for the built-in networks, and arch is m.py:f: leave"),
        (("--arch", "m.py:f", "--implementation", "torchvision"), "--implementation: is for the built-in networks"),
        (("--arch", "m.py:f", "--preset", "lab"), "--epochs: preset lab has no number of epochs for m.py:f"),
        (("--arch", "resnext101_64x4d", "--pretrained", "imagenet-v2"), "choose imagenet or imagenet-v1"),
        (("--stem", "cifar", "--image-size", "65"), "--stem: cifar is for images of at most 64 px, and image_size"),
        (("--stem", "cifar", "--implementation", "torchvision"), "torchvision's networks have no stem cifar"),
        (("--stem", "cifar", "--pretrained", "imagenet"), "does not fit stem cifar: choose --pretrained"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together(shell: Shell, flags: tuple[str, ...], says: str) -> None:
    assert says in shell.refuses("add", "--data", "digits", *flags)


def test_a_warm_start_between_stems_is_refused(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--stem", "cifar") == 0
    refused = shell.refuses("add", "--data", "digits", "--pretrained", "run:1")
    assert refused.startswith(
        "resnet-tui: --pretrained: run 1 is a resnet18 with stem cifar, and its weights do not "
    )
    assert refused.endswith("fit a resnet18: choose --stem cifar, or start from another run\n")
    assert shell("add", "--data", "digits", "--stem", "cifar", "--pretrained", "run:1") == 0
    assert "run 2 starts from run 1 and could not from a resnet18" in shell.refuses(
        "edit", "1", "--stem", "imagenet"
    )


def test_a_plugin_trains_predicts_and_is_reported(
    shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_torch_here(monkeypatch)
    class_folders(shell.home / "data", classes=2, each=12)
    path = write_plugin(shell.home)
    assert shell("add", *SMALL, "--arch", f"{NAME}:small") == 0, shell.err
    worker = [sys.executable, "-m", "engine.worker", "--home", str(shell.home), "--device", "cpu", "--drain"]
    assert Forked(worker).wait() == 0
    assert shell("show", "1", "--json") == 0
    shown = json.loads(shell.out)
    assert shown["status"] == "done", shown["log_tail"]
    assert len(shown["environment"]["plugin_sha256"]) == 64 and shown["metrics"][-1]["grad_norm_first"] > 0
    image = next((shell.home / "data").rglob("*.png"))
    weights = str(shell.home / "runs" / "1" / "best.safetensors")
    predict = ["--weights", weights, "--home", str(shell.home), "--device", "cpu", str(image)]
    assert predictor.main(predict) == 0
    answered = capsys.readouterr()
    assert re.search(r"\.png,class[01],0\.\d{6}\n$", answered.out)
    assert "has changed" not in answered.err
    write_plugin(path.parent, TEXT + "# another\n")
    assert predictor.main(predict) == 0
    assert "model.py:small has changed since these weights were trained" in capsys.readouterr().err
    assert shell("report", "--out", "out") == 0
    text = (shell.home / "out" / "report.md").read_text()
    assert "Not summarised: small (model.py)." in text and "| small (model.py) |" in text
    assert (shell.home / "out" / "accuracy-data-small-model-py.png").exists()
