"""Training a network out of a user's own file."""

from pathlib import Path

import pytest
import torch
from pictures import lab_csvs
from plugin_file import NAME, TEXT, write_plugin
from sessions import Memory
from small import TRAIN, outcome, small_session, small_spec

from engine.files.paths import Home
from engine.models.plugin import PluginError, file_sha256
from engine.models.weight_files import WeightsError, read_weights_metadata
from engine.spec.run_spec import RunSpec
from engine.training.attempt import explain

SMALL = {"arch": f"{NAME}:small", "epochs": 2}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    lab_csvs(tmp_path / "lab", train=TRAIN, test=(0, 0, 1, 2, 0))
    write_plugin(tmp_path)
    return Home.find(tmp_path, cache=tmp_path / "cache")


def train(home: Home, run_id: int, spec: RunSpec, stop_at: int = 0) -> Memory:
    """`stop_at`: stopped once at this step, and gone on with in a session that has drawn other numbers."""
    memory, calls = Memory(), 0

    def stop() -> bool:
        nonlocal calls
        calls += 1
        return calls == stop_at

    if not small_session(home, run_id, spec).train(memory, stop):
        torch.rand(7)
        assert small_session(home, run_id, spec).train(memory, lambda: False)
    return memory


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"head": "dropout", "freeze_epochs": 1},
        {"micro_batch": 2, "optimizer": "adamw"},
        {"loss": "ce-sqrt"},
    ],
)
def test_a_stopped_run_ends_with_the_same_bits_in_spite_of_dropout(
    home: Home, settings: dict[str, object]
) -> None:
    spec = small_spec(**SMALL, **settings)
    whole, stopped = train(home, 1, spec), train(home, 2, spec, stop_at=4)
    assert outcome(home, 1, spec, whole) == outcome(home, 2, spec, stopped)
    assert all(each.number("grad_norm") for each in whole.measured[1:])
    frozen = 1 if "freeze_epochs" in settings else 0
    assert [each.number("grad_norm_first") is None for each in whole.measured[1:]] == [True] * frozen + [
        False
    ] * (2 - frozen)


def test_what_the_file_froze_never_learns(home: Home) -> None:
    spec = small_spec(arch=f"{NAME}:frozen", epochs=1)
    made = small_session(home, 1, spec)
    before = {name: tensor.clone() for name, tensor in made.net.model.state_dict().items()}
    assert made.train(Memory(), lambda: False)
    after = made.net.model.state_dict()
    assert torch.equal(after["top.pre.weight"], before["top.pre.weight"])
    assert not torch.equal(after["body.0.weight"], before["body.0.weight"])


def test_a_changed_file_is_refused_like_changed_data(home: Home) -> None:
    spec = small_spec(**SMALL)
    answers = iter([False, False, True])
    assert not small_session(home, 1, spec).train(Memory(), lambda: next(answers))
    small_session(home, 1, spec)
    write_plugin(home.root, TEXT + "# another\n")
    with pytest.raises(
        PluginError, match="model.py:small has changed since this run began: put the file back"
    ):
        small_session(home, 1, spec)
    assert explain(PluginError("x"), spec) == ("code", "x", "fix the plug-in's file, then retry")


def test_a_warm_start_from_the_same_network(home: Home) -> None:
    spec = small_spec(**SMALL)
    train(home, 1, spec)
    about = read_weights_metadata(home.run(1).best)
    assert about["arch"] == f"{NAME}:small" and about["plugin_sha256"] == file_sha256(home.root / NAME)
    said: list[str] = []
    warm = small_spec(**SMALL, pretrained="run:1", allow_leak=True, freeze_epochs=1)
    small_session(home, 2, warm, said)
    assert "weights of run 1; head kept: same classes" in said
    write_plugin(home.root, TEXT + "# another\n")
    small_session(home, 3, warm, said)
    assert said[-1].endswith("the plug-in's file has changed since they were trained")
    other = small_spec(arch=f"{NAME}:mobilenet", pretrained="run:1", allow_leak=True)
    with pytest.raises(
        WeightsError, match="run 1 does not fit model.py:mobilenet: missing classifier.0.bias, "
    ):
        small_session(home, 4, other)
