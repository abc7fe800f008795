"""First weights: their sources, what they may hold, and the message when they don't fit."""

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save, save_file
from torch import Tensor, nn
from torchvision.models import get_model_weights
from weight_bytes import weights_bytes
from weight_states import small_state

from engine.models import imagenet
from engine.models.imagenet import imagenet_file, short_timeout
from engine.models.layers import BuiltModel, Layers
from engine.models.resnet import build_model, resnet
from engine.models.weight_files import (
    METADATA_KEY,
    WeightsError,
    read_state,
    read_weights_metadata,
    weights_pieces,
)
from engine.models.weights import LoadedWeights, apply_weights, read_weights
from engine.spec.archs import ARCH_INFOS

GRADES = ["none", "mild", "moderate", "severe", "proliferative"]
RESNET18_FILE = "resnet18-f37072fd.pth"
RESNET50_V1_FILE = "resnet50-0676ba61.pth"
RESNET50_V2_FILE = "resnet50-11ad3fa6.pth"


def small_model(num_classes: int = 5) -> nn.Module:
    """The network that weights are put into: the one of seed 0, its tensors its own."""
    with torch.device("meta"):
        model = resnet("resnet18", num_classes, "3x3", zero_init_residual=False)
    fresh = {name: tensor.clone() for name, tensor in small_state(0, num_classes).items()}
    model.load_state_dict(fresh, assign=True)
    return model


def built(model: nn.Module, bottleneck_stride: str | None = None) -> BuiltModel:
    return BuiltModel("resnet18", model, Layers("fc", "conv1"), bottleneck_stride)


def apply(source: Path | str, class_names: list[str] = GRADES) -> tuple[nn.Module, LoadedWeights]:
    model = small_model(len(class_names))
    return model, apply_weights(
        built(model), read_weights(str(source), arch="resnet18"), class_names=class_names
    )


def is_fresh_head(model: nn.Module) -> bool:
    weight = model.state_dict()["fc.weight"]
    return torch.equal(weight, small_state(0, len(weight))["fc.weight"])


def has_body_of(model: nn.Module, state: Mapping[str, Tensor]) -> bool:
    return all(
        torch.equal(tensor, state[name])
        for name, tensor in model.state_dict().items()
        if not name.startswith("fc.")
    )


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Torch's download folder, empty, with the network cut."""

    def cut(*args: Any, **kwargs: Any) -> None:
        raise URLError("network is cut")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", cut)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def test_none_changes_nothing() -> None:
    model, loaded = apply("none")
    assert not loaded.head_kept and loaded.source == "none"
    assert is_fresh_head(model) and has_body_of(model, small_state(seed=0))


@pytest.mark.parametrize("source", ["imagenet", "imagenet-v1"])
def test_imagenet_from_the_download_folder(source: str, checkpoints: Path) -> None:
    state = small_state(seed=3, num_classes=1000)
    torch.save(dict(state), checkpoints / RESNET18_FILE)
    model, loaded = apply(source)
    assert has_body_of(model, state) and is_fresh_head(model)
    assert (loaded.source, loaded.head_kept) == (source, False)
    assert RESNET18_FILE in loaded.note


def test_imagenet_head_stays_fresh_for_a_thousand_classes(checkpoints: Path) -> None:
    torch.save(dict(small_state(seed=3, num_classes=1000)), checkpoints / RESNET18_FILE)
    model, loaded = apply("imagenet", [str(index) for index in range(1000)])
    assert is_fresh_head(model) and not loaded.head_kept


@pytest.mark.parametrize(
    ("source", "file_name"), [("imagenet", RESNET50_V2_FILE), ("imagenet-v1", RESNET50_V1_FILE)]
)
def test_missing_imagenet_names_file_and_folder(source: str, file_name: str, checkpoints: Path) -> None:
    with pytest.raises(WeightsError) as raised:
        read_weights(source, arch="resnet50")
    message = str(raised.value)
    assert f"put {file_name} into {checkpoints}" in message and "network is cut" in message
    assert "\n" not in message
    assert list(checkpoints.iterdir()) == []


def test_imagenet_version_is_the_one_asked_for(checkpoints: Path) -> None:
    state = build_model("resnet50", 1000, seed=4).state_dict()
    torch.save(state, checkpoints / RESNET50_V1_FILE)
    paper = build_model("resnet50", 5, bottleneck_stride="1x1", seed=0)
    loaded = apply_weights(
        built(paper, "1x1"), read_weights("imagenet-v1", arch="resnet50"), class_names=GRADES
    )
    assert has_body_of(paper, state)
    assert loaded.note.endswith("; trained with the stride in the 3x3, ours is in the 1x1")
    with pytest.raises(WeightsError, match=RESNET50_V2_FILE):
        read_weights("imagenet", arch="resnet50")


def test_every_version_by_name(checkpoints: Path) -> None:
    """Torchvision's own choice, so that a new release with other names fails here."""
    for arch, source, name in (
        ("resnet18", "imagenet", RESNET18_FILE),
        ("resnet18", "imagenet-v1", RESNET18_FILE),
        ("resnet50", "imagenet", RESNET50_V2_FILE),
        ("resnet50", "imagenet-v2", RESNET50_V2_FILE),
    ):
        assert imagenet_file(arch, source).name == name
    for arch, info in ARCH_INFOS.items():
        assert tuple(each.name[-2:].lower() for each in get_model_weights(arch)) == info.imagenet_versions
        assert get_model_weights(arch).DEFAULT.name[-2:].lower() == info.imagenet_versions[-1]
        if "v2" not in info.imagenet_versions:
            with pytest.raises(WeightsError, match="choose imagenet or imagenet-v1"):
                imagenet_file(arch, "imagenet-v2")


def test_the_files_that_are_needed_are_named_without_loading_them(
    checkpoints: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkpoints / RESNET18_FILE).write_bytes(b"there")
    asked: list[str] = []

    def answer(url: str) -> bool:
        asked.append(url)
        return False

    monkeypatch.setattr(imagenet, "is_reachable", answer)
    assert imagenet.main(["resnet18:imagenet", "resnet50:imagenet-v1", "--json"]) == 0
    there, missing = json.loads(capsys.readouterr().out)["files"]
    assert (there["present"], there["reachable"]) == (True, None)
    assert (missing["present"], missing["reachable"]) == (False, False)
    assert (missing["name"], missing["folder"]) == (RESNET50_V1_FILE, str(checkpoints))
    assert [Path(url).name for url in asked] == [RESNET50_V1_FILE]
    for wrong in ("resnet18", "resnet9:imagenet", "resnet18:imagenet-v2", "resnet18:none"):
        assert imagenet.main([wrong]) == 2
        assert "ARCH:VERSION" in capsys.readouterr().err


def test_own_and_torchvision_start_from_the_same_weights(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    path.write_bytes(weights_bytes(small_state(), {"class_names": GRADES}))
    weights = read_weights(str(path), arch="resnet18")
    logits = []
    for implementation in ("own", "torchvision"):
        model = build_model("resnet18", 5, implementation=implementation, seed=len(implementation)).eval()
        apply_weights(built(model), weights, class_names=GRADES)
        logits.append(model(torch.linspace(-1, 1, 3 * 32 * 32).view(1, 3, 32, 32)))
    assert torch.equal(*logits)


def test_evaluation_alone_needs_a_head_that_answers_these_classes(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    path.write_bytes(weights_bytes(small_state(), {"class_names": GRADES}))
    weights = read_weights(str(path), arch="resnet18")
    assert apply_weights(built(small_model()), weights, class_names=GRADES, needs_head=True).head_kept
    with pytest.raises(WeightsError) as raised:
        apply_weights(built(small_model()), weights, class_names=["a", "b", "c", "d", "e"], needs_head=True)
    assert "none, mild, moderate, severe, proliferative; ours a, b, c, d, e" in str(raised.value)


def test_download_has_a_short_timeout() -> None:
    before = socket.getdefaulttimeout()
    with short_timeout():
        timeout_s = socket.getdefaulttimeout()
    assert timeout_s is not None and timeout_s <= 15
    assert socket.getdefaulttimeout() == before


def test_another_runs_head_is_kept_for_the_same_classes(tmp_path: Path) -> None:
    state = small_state()
    path = tmp_path / "best.safetensors"
    path.write_bytes(weights_bytes(state, {"class_names": GRADES}))
    model, loaded = apply(path)
    assert loaded.head_kept and "head kept" in loaded.note
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(
    ("metadata", "num_classes", "note"),
    [
        ({"class_names": GRADES[::-1]}, 5, "the file's classes are not ours"),
        ({}, 5, "does not say which classes"),
        (
            {"class_names": GRADES[:3]},
            3,
            "not ours (none, mild, moderate; ours none, mild, moderate, severe, prol",
        ),
        ({"class_names": GRADES}, 1, "the file's has 1 outputs, ours 5"),
    ],
)
def test_another_head_stays_fresh(
    metadata: dict[str, object], num_classes: int, note: str, tmp_path: Path
) -> None:
    state = small_state(num_classes=num_classes)
    path = tmp_path / "best.safetensors"
    path.write_bytes(weights_bytes(state, metadata))
    model, loaded = apply(path)
    assert not loaded.head_kept and note in loaded.note and "fresh head" in loaded.note
    assert has_body_of(model, state) and is_fresh_head(model)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state, "optimizer": {"param_groups": [{"lr": 0.1}]}},
        lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
        lambda state: {"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}},
    ],
)
def test_pth_files_in_their_wrappings(
    wrap: Callable[[dict[str, Tensor]], dict[str, Any]], tmp_path: Path
) -> None:
    state = dict(small_state())
    torch.save(wrap(state), tmp_path / "weights.pth")
    model, loaded = apply(tmp_path / "weights.pth")
    assert has_body_of(model, state) and is_fresh_head(model)
    assert not loaded.head_kept


def test_a_file_without_head_or_batch_counters_fits(tmp_path: Path) -> None:
    state = {
        name: tensor
        for name, tensor in small_state().items()
        if not name.startswith("fc.") and not name.endswith("num_batches_tracked")
    }
    save_file(state, tmp_path / "body.safetensors")
    model, loaded = apply(tmp_path / "body.safetensors")
    assert torch.equal(model.state_dict()["layer4.1.conv2.weight"], state["layer4.1.conv2.weight"])
    assert "the file has none" in loaded.note and is_fresh_head(model)


def test_bytes_are_the_same_for_the_same_weights(tmp_path: Path) -> None:
    state = small_state()
    backwards = {name: state[name] for name in reversed(state)}
    content = weights_bytes(state, {"arch": "resnet18", "class_names": GRADES})
    assert weights_bytes(backwards, {"class_names": GRADES, "arch": "resnet18"}) == content
    channels_last = build_model("resnet18", 5, seed=1).to(memory_format=torch.channels_last).state_dict()
    assert weights_bytes(channels_last, {"arch": "resnet18", "class_names": GRADES}) == content
    path = tmp_path / "best.safetensors"
    path.write_bytes(content)
    assert read_weights_metadata(path) == {"arch": "resnet18", "class_names": GRADES}
    assert all(torch.equal(tensor, state[name]) for name, tensor in read_state(path).items())


def test_pieces_are_what_safetensors_itself_writes() -> None:
    state = small_state() | {
        "scale": torch.tensor(2.0, dtype=torch.bfloat16),
        "seen": torch.tensor([True, False, True]),
        "none": torch.empty(0, 3),
    }
    about = {"class_names": ["né", "\x1f"]}
    text = json.dumps(about, sort_keys=True, ensure_ascii=False)
    assert weights_bytes(state, about) == save(state, metadata={METADATA_KEY: text})


def test_a_piece_is_one_tensor_so_that_no_copy_of_all_is_made() -> None:
    state = small_state()
    sizes = [len(piece) for piece in weights_pieces(state, {})]
    assert len(sizes) == 1 + len(state) and max(sizes[1:]) == max(each.nbytes for each in state.values())


def test_metadata_of_other_programs_is_empty(tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / "other.safetensors", metadata={"format": "pt"})
    assert read_weights_metadata(tmp_path / "other.safetensors") == {}
    save_file({"a": torch.ones(1)}, tmp_path / "list.safetensors", metadata={"resnet_tui": "[1]"})
    with pytest.raises(WeightsError, match="no JSON object"):
        read_weights_metadata(tmp_path / "list.safetensors")
