"""Networks out of a user's own file: which layers they have, and what is said where they cannot be trained."""

import json
from pathlib import Path

import pytest
import torch
from plugin_file import write_plugin

from engine.models import plugin
from engine.models.plugin import PluginError, build_plugin, file_sha256, problem_of


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plugin(tmp_path_factory.mktemp("own"))


@pytest.mark.parametrize(
    ("function", "head", "first"),
    [
        ("small", "top.out", "body.0"),
        ("mobilenet", "classifier.3", "features.0.0"),
        ("efficientnet", "classifier.1", "features.0.0"),
        ("vit", "heads.head", "conv_proj"),
    ],
)
def test_head_and_first_convolution_are_found(path: Path, function: str, head: str, first: str) -> None:
    built = build_plugin(path, function, 5, 32, seed=1)
    assert (built.layers.head, built.layers.first, built.layers.draws) == (head, first, True)
    assert built.plugin_sha256 == file_sha256(path) and built.bottleneck_stride is None
    assert built.model.get_submodule(head).out_features == 5


def test_the_weights_depend_on_the_seed_alone(path: Path) -> None:
    def state(seed: int) -> dict[str, torch.Tensor]:
        return build_plugin(path, "small", 3, 16, seed).model.state_dict()

    before = torch.get_rng_state()
    first = state(1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(9)
    assert all(torch.equal(tensor, first[name]) for name, tensor in state(1).items())
    assert not torch.equal(state(2)["top.out.weight"], first["top.out.weight"])


def test_what_the_user_froze_is_known(path: Path) -> None:
    assert build_plugin(path, "frozen", 3, 16, 0).layers.frozen == {"top.pre.weight", "top.pre.bias"}


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("nothing", "has no function nothing: name one that takes the number of classes"),
        ("raises", ": raises raised: ValueError: a bad"),
        ("leaves", ": leaves raised: SystemExit: gone"),
        ("text", "text returns str: it must return a torch.nn.Module"),
        ("headless", "has no nn.Linear that runs: its last layer must be nn.Linear(…, num_classes)"),
        (
            "thousand",
            "ends in classifier.3, nn.Linear with 1000 outputs for 7 classes: give its last layer num_",
        ),
        ("probabilities", "does not return what its last nn.Linear, 0.top.out, gives: return these logits"),
        ("large", "the network of large takes no 32 px image: RuntimeError: "),
    ],
)
def test_what_cannot_be_trained_is_one_line(path: Path, function: str, says: str) -> None:
    with pytest.raises(PluginError) as raised:
        build_plugin(path, function, 7, 32, seed=0)
    assert str(raised.value).startswith(str(path)) and says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_missing_or_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="cannot be read .No such file.*: give arch as FILE.py:FUNCTION"):
        build_plugin(tmp_path / "none.py", "make", 5, 32, 0)
    broken = write_plugin(tmp_path, "import nowhere_to_be_found\n")
    with pytest.raises(PluginError, match="line 1: the file raised: ModuleNotFoundError: No module named"):
        build_plugin(broken, "make", 5, 32, 0)
    with pytest.raises(PluginError, match="the file raised: SyntaxError"):
        build_plugin(write_plugin(tmp_path, "def make(:\n"), "make", 5, 32, 0)
    assert not list(tmp_path.glob("__pycache__"))


def test_the_training_mode_is_tried_too(path: Path) -> None:
    assert problem_of(str(path), "small", 7, 32, 2) is None
    assert "takes no 32 px" not in (problem_of(str(path), "googlenet", 7, 32, 2) or "")
    assert "returns GoogLeNetOutputs in training mode" in (problem_of(str(path), "googlenet", 7, 64, 2) or "")
    assert "trains on no batch of 1: ValueError" in (problem_of(str(path), "mobilenet", 7, 32, 1) or "")


def test_the_answer_is_one_document(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = {"path": str(path), "num_classes": 7, "image_size_px": 32, "images": 2}
    texts = [json.dumps({**request, "function": name}) for name in ("small", "nothing")]
    assert plugin.main([*texts, "--json"]) == 0
    said = capsys.readouterr()
    fine, wrong = json.loads(said.out)["problems"]
    assert fine is None and "no function nothing" in wrong and "loading, which" in said.err
