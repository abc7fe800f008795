"""Initial weights of a network: ImageNet, a file, or another run's best."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.imagenet import imagenet_state
from engine.models.layers import BuiltModel
from engine.models.resnet import resnet
from engine.models.weight_files import WeightsError, read_state, read_weights_metadata
from engine.spec.archs import ARCH_INFOS, ArchInfo, find_arch
from engine.spec.pretrained import NONE, source_kind
from engine.spec.stems import Stem

TENSORS_NAMED = 3
"""How many differing tensors of each sort an error names."""


@dataclass(frozen=True)
class Weights:
    """Weights that fit a network but for its head, ready to be copied into it."""

    source: str
    name: str
    """Of the file, for messages."""
    state: Mapping[str, Tensor]
    metadata: Mapping[str, object]
    """What `weights_bytes` was given, where it wrote the file."""

    @property
    def is_imagenet(self) -> bool:
        return source_kind(self.source) == "imagenet"

    @property
    def bottleneck_stride(self) -> object:
        """Return the stride of the network that they were trained in; None where nobody says."""
        return "3x3" if self.is_imagenet else self.metadata.get("bottleneck_stride")

    @property
    def stem(self) -> object:
        """Return the stem of the network that they were trained in; None if unknown. Files from before there were
        others have the stem imagenet."""
        if self.is_imagenet:
            return "imagenet"
        return self.metadata.get("stem", "imagenet" if "arch" in self.metadata else None)


@dataclass(frozen=True)
class LoadedWeights:
    """Loaded weights; `note` is one line for the run's log."""

    source: str
    head_kept: bool
    note: str


def read_weights(
    source: str, *, arch: str, stem: Stem = "imagenet", name: str | None = None
) -> Weights | None:
    """Fetch the weights that `source` names: `none` gives None, `imagenet…` torchvision's, else a file's,
    which messages may call by another `name`.

    Raises WeightsError, in one line, where they are missing, unreadable or do not fit. Those of a plug-in are compared
    with its network once that is built."""
    if source == NONE:
        return None
    if source_kind(source) == "imagenet":
        called, state = imagenet_state(arch, source)
        metadata: Mapping[str, object] = {}
    else:
        called, state = name or source, read_state(source)
        metadata = read_weights_metadata(source) if source.lower().endswith(".safetensors") else {}
    weights = Weights(source, called, state, metadata)
    if weights.stem not in (None, stem):
        raise WeightsError(
            f"{called} was trained with stem {weights.stem}, and this run has stem {stem}: choose the same stem"
        )
    if info := find_arch(arch):
        with torch.device("meta"):
            ours = resnet(arch, 1, "3x3", zero_init_residual=False, stem=stem).state_dict()
        check_body(state, ours, head=info.head, name=called, arch=arch)
    return weights


def apply_weights(
    built: BuiltModel, weights: Weights | None, *, class_names: Sequence[str], needs_head: bool = False
) -> LoadedWeights:
    """Overwrite the network's weights; without any it stays as it is.

    The head stays as it was, unless the file predicts the same classes in the same order and says so in the
    metadata that `weights_bytes` writes; with `needs_head` another head is a WeightsError."""
    if weights is None:
        return LoadedWeights(NONE, head_kept=False, note=_start_note(built))
    model, head_names = built.model, head_tensors(built.model.state_dict(), built.layers.head)
    if built.plugin_sha256 is not None:
        check_body(
            weights.state, model.state_dict(), head=built.layers.head, name=weights.name, arch=built.arch
        )
    keep_head, why = head_fits(built, weights, class_names)
    if needs_head and not keep_head:
        raise WeightsError(unusable_head(weights.name, why))
    theirs = {key: tensor for key, tensor in weights.state.items() if keep_head or key not in head_names}
    model.load_state_dict({**model.state_dict(), **theirs})
    head = f"head kept: {why}" if keep_head else f"fresh head: {why}"
    notes = stride_note(built, weights) + file_note(built, weights)
    return LoadedWeights(weights.source, keep_head, f"weights of {weights.name}; {head}{notes}")


def _start_note(built: BuiltModel) -> str:
    if built.plugin_sha256 is not None:
        return "no pretrained weights: as the plug-in makes them, from the seed"
    return "no pretrained weights: all drawn from the seed"


def head_tensors(names: Iterable[str], head: str) -> list[str]:
    """Return the names that belong to the head, weight first."""
    return sorted((name for name in names if name.rpartition(".")[0] == head), reverse=True)


def head_fits(built: BuiltModel, weights: Weights, class_names: Sequence[str]) -> tuple[bool, str]:
    """Return whether the file's head predicts the run's classes, and why."""
    if weights.is_imagenet:
        return False, "its 1000 ImageNet classes are not ours"
    ours, state = built.model.state_dict(), weights.state
    names = head_tensors(ours, built.layers.head)
    if any(name not in state for name in names):
        return False, "the file has none"
    theirs = weights.metadata.get("class_names")
    if isinstance(theirs, list) and theirs != list(class_names):
        return False, f"the file's classes are not ours ({in_short(theirs)}; ours {in_short(class_names)})"
    if any(state[name].shape != ours[name].shape for name in names):
        return False, f"the file's has {len(state[names[0]])} outputs, ours {len(ours[names[0]])}"
    if theirs is None:
        return False, "the file does not say which classes its head predicts"
    return True, "same classes"


def unusable_head(name: str, why: str) -> str:
    """Return the error of a run that only evaluates, with a file whose head does not fit."""
    return f"epochs 0 only evaluates, and the head of {name} cannot be used: {why}"


def in_short(class_names: Sequence[object], most: int = 12) -> str:
    """Return the first names of a list of classes, and how many more there are."""
    rest = f" and {len(class_names) - most} more" if len(class_names) > most else ""
    return ", ".join(map(str, class_names[:most])) + rest


def check_body(
    state: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, head: str, name: str, arch: str
) -> None:
    """Raise WeightsError, naming the first tensors that differ, unless all but the head is as expected."""
    apart = {*head_tensors(expected, head), *head_tensors(state, head)}
    ours = {key: tensor for key, tensor in expected.items() if key not in apart}
    theirs = {key: tensor for key, tensor in state.items() if key not in apart}
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
    """Return the first few of the names and the count of the others."""
    rest = f" and {len(names) - TENSORS_NAMED} more" if len(names) > TENSORS_NAMED else ""
    return ", ".join(names[:TENSORS_NAMED]) + rest


def depth_note(state: Mapping[str, Tensor], arch: str) -> str:
    """Return a hint when the names and shapes are those of another built-in network."""
    positions = {tuple(name.split(".")[:2]) for name in state if name.startswith("layer")}
    blocks = tuple(sum(stage == f"layer{index}" for stage, *_ in positions) for index in range(1, 5))
    second = state.get("layer1.0.conv2.weight")
    inner = None if second is None else tuple(second.shape[:2])
    bottleneck = "layer1.0.conv3.weight" in state
    for name, info in ARCH_INFOS.items():
        is_alike = (info.blocks, info.block == "bottleneck") == (blocks, bottleneck)
        if name != arch and is_alike and inner == _inner_shape(info):
            return f"; it looks like {name}"
    return ""


def _inner_shape(info: ArchInfo) -> tuple[int, int]:
    """Output channels and input channels a group of the 3×3 convolution in the first stage."""
    return info.base_width, info.base_width // info.groups


def stride_note(built: BuiltModel, weights: Weights) -> str:
    """Return a warning when bottlenecks were trained with the stride in the other convolution: no shape shows it."""
    ours, theirs = built.bottleneck_stride, weights.bottleneck_stride
    if ours is None or theirs is None or theirs == ours:
        return ""
    return f"; trained with the stride in the {theirs}, ours is in the {ours}"


def file_note(built: BuiltModel, weights: Weights) -> str:
    """Return a warning when a plug-in's file has changed since the weights were trained."""
    theirs = weights.metadata.get("plugin_sha256")
    is_other = built.plugin_sha256 is not None and theirs not in (None, built.plugin_sha256)
    return "; the plug-in's file has changed since they were trained" if is_other else ""
