"""Initial weights of a network: ImageNet, a file, or another run's best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from engine.files.first_bytes import read_start
from engine.models.found_states import FoundState, find_states
from engine.models.imagenet import imagenet_state
from engine.models.layers import BuiltModel
from engine.models.resnet import resnet
from engine.models.weight_files import (
    WeightsError,
    is_safetensors,
    read_content,
    read_weights_metadata,
)
from engine.models.weight_fit import Fit, Network, fit_state, head_tensors
from engine.spec.archs import find_arch
from engine.spec.pretrained import NONE, source_kind
from engine.spec.stems import Stem


@dataclass(frozen=True)
class Weights:
    """Weights out of a file, ready to be copied into a network."""

    source: str
    name: str
    """Of the file, for messages."""
    found: Sequence[FoundState]
    """All state dicts of the file."""
    metadata: Mapping[str, object]
    """Metadata that `weights_pieces` was given, where it wrote the file."""
    fit: Fit | None = None
    """The one that fits the network; None until a plug-in has made that."""

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
        weights = Weights(source, called, (FoundState((), state),), {})
    else:
        called, content = name or source, read_content(source)
        metadata = read_weights_metadata(source) if is_safetensors(read_start(Path(source))) else {}
        weights = Weights(source, called, find_states(content, called), metadata)
    if weights.stem not in (None, stem):
        raise WeightsError(
            f"{called} was trained with stem {weights.stem}, and this run has stem {stem}: choose the same stem"
        )
    if info := find_arch(arch):
        with torch.device("meta"):
            ours = resnet(arch, 1, "3x3", zero_init_residual=False, stem=stem).state_dict()
        return replace(weights, fit=fit_state(weights.found, Network(ours, info.head, called, arch)))
    return weights


def fit_of(weights: Weights, built: BuiltModel) -> Fit:
    """Return those of a file's weights that fit the network. Raises WeightsError where none do."""
    if weights.fit is not None:
        return weights.fit
    network = Network(built.model.state_dict(), built.layers.head, weights.name, built.arch)
    return fit_state(weights.found, network)


def apply_weights(
    built: BuiltModel, weights: Weights | None, *, class_names: Sequence[str], needs_head: bool = False
) -> LoadedWeights:
    """Overwrite the network's weights; without any it stays as it is.

    The head stays as it was, unless the file predicts the same classes in the same order and says so in the
    metadata that `weights_pieces` writes; with `needs_head` another head is a WeightsError."""
    if weights is None:
        return LoadedWeights(NONE, head_kept=False, note=_start_note(built))
    model, head_names = built.model, head_tensors(built.model.state_dict(), built.layers.head)
    fit = fit_of(weights, built)
    keep_head, why = head_fits(built, weights, fit, class_names)
    if needs_head and not keep_head:
        raise WeightsError(unusable_head(weights.name, why))
    theirs = {key: tensor for key, tensor in fit.state.items() if keep_head or key not in head_names}
    model.load_state_dict({**model.state_dict(), **theirs})
    head = f"head kept: {why}" if keep_head else f"fresh head: {why}"
    others = f"; the file holds others that fit: {fit.others}" if fit.others else ""
    notes = fit.left + others + stride_note(built, weights) + file_note(built, weights)
    return LoadedWeights(weights.source, keep_head, f"weights of {weights.name}{fit.taken}; {head}{notes}")


def _start_note(built: BuiltModel) -> str:
    if built.plugin_sha256 is not None:
        return "no pretrained weights: as the plug-in makes them, from the seed"
    return "no pretrained weights: all drawn from the seed"


def head_fits(built: BuiltModel, weights: Weights, fit: Fit, class_names: Sequence[str]) -> tuple[bool, str]:
    """Return whether the file's head predicts the run's classes, and why."""
    if weights.is_imagenet:
        return False, "its 1000 ImageNet classes are not ours"
    ours, state = built.model.state_dict(), fit.state
    names = head_tensors(ours, built.layers.head)
    if any(name not in state for name in names):
        return False, "the file has none that fits"
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
