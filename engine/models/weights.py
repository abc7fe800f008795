"""Where a network's first weights come from: ImageNet, a file, or another run's best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.models.imagenet import IMAGENET, imagenet_state
from engine.models.resnet import ARCHS, Bottleneck, resnet
from engine.models.weight_files import WeightsError, read_state, read_weights_metadata

HEAD = ("fc.weight", "fc.bias")
TENSORS_NAMED = 3
"""How many differing tensors of each sort an error names."""


@dataclass(frozen=True)
class Weights:
    """Weights that fit a network but for its fc, ready to be copied into it."""

    source: str
    name: str
    """Of the file, for messages."""
    state: Mapping[str, Tensor]
    metadata: Mapping[str, object]
    """What `weights_bytes` was given, where it wrote the file."""

    @property
    def bottleneck_stride(self) -> object:
        """Where the network strode that they were trained in; None where nobody says."""
        return "3x3" if self.source in IMAGENET else self.metadata.get("bottleneck_stride")


@dataclass(frozen=True)
class LoadedWeights:
    """What was loaded; `note` is one line for the run's log."""

    source: str
    head_kept: bool
    note: str


def read_weights(source: str, *, arch: str, name: str | None = None) -> Weights | None:
    """Fetch the weights that `source` names: `none` gives None, `imagenet…` torchvision's, else a file's,
    which messages may call by another `name`.

    Raises WeightsError, in one line, where they are missing, unreadable or do not fit."""
    if source == "none":
        return None
    if source in IMAGENET:
        called, state = imagenet_state(arch, source)
        metadata: Mapping[str, object] = {}
    else:
        called, state = name or source, read_state(source)
        metadata = read_weights_metadata(source) if source.lower().endswith(".safetensors") else {}
    check_body(state, name=called, arch=arch)
    return Weights(source, called, state, metadata)


def apply_weights(
    model: nn.Module, weights: Weights | None, *, class_names: Sequence[str], needs_head: bool = False
) -> LoadedWeights:
    """Overwrite the network's weights; without any it stays as it is.

    The fc stays as it was, unless the file answers the same classes in the same order and says so in the
    metadata that `weights_bytes` writes; with `needs_head` another fc is a WeightsError."""
    if weights is None:
        return LoadedWeights("none", head_kept=False, note="no pretrained weights: all drawn from the seed")
    keep_head, why = head_fits(model, weights, class_names)
    if needs_head and not keep_head:
        raise WeightsError(
            f"epochs 0 only evaluates, and the head of {weights.name} cannot answer these data: {why}"
        )
    theirs = {key: tensor for key, tensor in weights.state.items() if keep_head or key not in HEAD}
    model.load_state_dict({**model.state_dict(), **theirs})
    head = f"head kept: {why}" if keep_head else f"fresh head: {why}"
    stride = stride_note(model, weights.bottleneck_stride)
    return LoadedWeights(weights.source, keep_head, f"weights of {weights.name}; {head}{stride}")


def head_fits(model: nn.Module, weights: Weights, class_names: Sequence[str]) -> tuple[bool, str]:
    """Whether the file's fc answers our classes, and why."""
    if weights.source in IMAGENET:
        return False, "its 1000 ImageNet classes are not ours"
    ours, state = model.state_dict(), weights.state
    if any(name not in state for name in HEAD):
        return False, "the file has none"
    theirs = weights.metadata.get("class_names")
    if isinstance(theirs, list) and theirs != list(class_names):
        return False, f"the file's classes are not ours ({in_short(theirs)}; ours {in_short(class_names)})"
    if any(state[name].shape != ours[name].shape for name in HEAD):
        return False, f"the file's has {len(state['fc.bias'])} outputs, ours {len(ours['fc.bias'])}"
    if theirs is None:
        return False, "the file does not say which classes its head answers"
    return True, "same classes"


def in_short(class_names: Sequence[object], most: int = 12) -> str:
    """The first names of a list of classes, and how many more there are."""
    rest = f" and {len(class_names) - most} more" if len(class_names) > most else ""
    return ", ".join(map(str, class_names[:most])) + rest


def check_body(state: Mapping[str, Tensor], *, name: str, arch: str) -> None:
    """Raise WeightsError, naming the first tensors that differ, unless all but the fc fits the network."""
    with torch.device("meta"):
        whole = resnet(arch, 1, "3x3", zero_init_residual=False).state_dict()
    ours = {key: tensor for key, tensor in whole.items() if key not in HEAD}
    theirs = {key: tensor for key, tensor in state.items() if key not in HEAD}
    # Files older than PyTorch 0.4.1 have no batch counter; it plays no part at a fixed BatchNorm momentum.
    optional = {key for key in ours if key.endswith("num_batches_tracked")}
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
