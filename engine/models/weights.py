"""Where a network's first weights come from: ImageNet, a file, or another run's best."""

import contextlib
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor, nn

from engine.models.resnet import ARCHS, Bottleneck
from engine.models.weight_files import WeightsError, read_state, read_weights_metadata

HEAD = ("fc.weight", "fc.bias")
DOWNLOAD_TIMEOUT_S = 10.0
TENSORS_NAMED = 3
"""How many differing tensors of each sort an error names."""


@dataclass(frozen=True)
class LoadedWeights:
    """What was loaded; `note` is one line for the run's log."""

    source: str
    head_kept: bool
    note: str


def apply_pretrained(
    model: nn.Module, source: str, *, arch: str, class_names: Sequence[str]
) -> LoadedWeights:
    """Overwrite the network's weights from `source`: `none`, `imagenet`, `imagenet-v1` or a file's path.

    The fc stays as it was, unless the file answers the same classes in the same order and says so in the
    metadata that `weights_bytes` writes. A WeightsError is one line and leaves the network as it was.
    """
    if source == "none":
        return LoadedWeights(source, head_kept=False, note="no pretrained weights: all drawn from the seed")
    if source in ("imagenet", "imagenet-v1"):
        name, state = imagenet_state(arch, source)
        keep_head, why = False, "its 1000 ImageNet classes are not ours"
        stride: object = "3x3"
    else:
        name, state = source, read_state(source)
        metadata = read_weights_metadata(source) if source.lower().endswith(".safetensors") else {}
        keep_head, why = head_fits(model, state, metadata, class_names)
        stride = metadata.get("bottleneck_stride")
    fill(model, state, name=name, arch=arch, keep_head=keep_head)
    head = f"head kept: {why}" if keep_head else f"fresh head: {why}"
    return LoadedWeights(source, keep_head, f"weights of {name}; {head}{stride_note(model, stride)}")


def head_fits(
    model: nn.Module,
    state: Mapping[str, Tensor],
    metadata: Mapping[str, object],
    class_names: Sequence[str],
) -> tuple[bool, str]:
    """Whether the file's fc answers our classes, and why."""
    ours = model.state_dict()
    if any(name not in state for name in HEAD):
        return False, "the file has none"
    if any(state[name].shape != ours[name].shape for name in HEAD):
        return False, f"the file's has {len(state['fc.bias'])} outputs, ours {len(ours['fc.bias'])}"
    theirs = metadata.get("class_names")
    if theirs is None:
        return False, "the file does not say which classes its head answers"
    if theirs != list(class_names):
        return False, "the file's classes are not ours"
    return True, "same classes"


def fill(model: nn.Module, state: Mapping[str, Tensor], *, name: str, arch: str, keep_head: bool) -> None:
    """Copy the tensors into the network, all or none; the fc only with `keep_head`."""
    ours = model.state_dict()
    theirs = {key: tensor for key, tensor in state.items() if keep_head or key not in HEAD}
    # Files older than PyTorch 0.4.1 have no batch counter; it plays no part at a fixed BatchNorm momentum.
    optional = {key for key in ours if key.endswith("num_batches_tracked") or (key in HEAD and not keep_head)}
    differences = {
        "missing": sorted(ours.keys() - theirs.keys() - optional),
        "unexpected": sorted(theirs.keys() - ours.keys()),
        "other shape": [
            f"{key} {tuple(theirs[key].shape)} for {tuple(ours[key].shape)}"
            for key in ours
            if key in theirs and theirs[key].shape != ours[key].shape
        ],
    }
    if any(differences.values()):
        parts = "; ".join(f"{sort} {first_of(keys)}" for sort, keys in differences.items() if keys)
        raise WeightsError(f"{name} does not fit {arch}: {parts}{depth_note(state, arch)}")
    model.load_state_dict({**ours, **theirs})


def first_of(names: Sequence[str]) -> str:
    """The first few of the names and the count of the others."""
    rest = f" and {len(names) - TENSORS_NAMED} more" if len(names) > TENSORS_NAMED else ""
    return ", ".join(names[:TENSORS_NAMED]) + rest


def depth_note(state: Mapping[str, Tensor], arch: str) -> str:
    """A hint when the names are those of another depth."""
    positions = {tuple(name.split(".")[:2]) for name in state if name.startswith("layer")}
    blocks = tuple(sum(stage == f"layer{index}" for stage, *_ in positions) for index in range(1, 5))
    bottleneck = "layer1.0.conv3.weight" in state
    for name, plan in ARCHS.items():
        if name != arch and plan.blocks == blocks and (plan.block is Bottleneck) == bottleneck:
            return f"; it looks like {name}"
    return ""


def stride_note(model: nn.Module, trained_stride: object) -> str:
    """A warning when bottlenecks were trained with the stride in the other convolution: no shape shows it."""
    first = model.get_submodule("layer2.0.conv1")
    is_bottleneck = isinstance(first, nn.Conv2d) and first.kernel_size == (1, 1)
    ours = "1x1" if is_bottleneck and first.stride == (2, 2) else "3x3"
    if not is_bottleneck or trained_stride is None or trained_stride == ours:
        return ""
    return f"; trained with the stride in the {trained_stride}, ours is in the {ours}"


def imagenet_state(arch: str, source: str) -> tuple[str, dict[str, Any]]:
    """Torchvision's weights and their file's name: from torch.hub's folder, else downloaded into it."""
    from torchvision.models import get_model_weights

    versions = get_model_weights(arch)
    weights = versions.DEFAULT if source == "imagenet" else versions.IMAGENET1K_V1
    name = Path(urlparse(weights.url).path).name
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    if (folder / name).is_file():
        return name, read_state(folder / name)
    try:
        with short_timeout(), contextlib.redirect_stdout(sys.stderr):
            return name, weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (OSError, HTTPException, RuntimeError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise WeightsError(
            f"no ImageNet weights for {arch}: put {name} into {folder} (the download failed: {reason})"
        ) from error


@contextlib.contextmanager
def short_timeout() -> Iterator[None]:
    """Sockets opened inside give up after DOWNLOAD_TIMEOUT_S without an answer."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
