"""Search for a network's weights among a file's state dicts: which they are, and behind which prefix of names."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from engine.models.found_states import FoundState
from engine.models.weight_files import WeightsError
from engine.spec.archs import ARCH_INFOS, ArchInfo
from engine.spec.stems import STEMS

TENSORS_NAMED = 3
"""Most tensors of each sort that a message names."""
MOST_PREFIXES = 8
"""Prefixes that are compared with the network, those of the most of its names."""
OPTIONAL = "num_batches_tracked"
"""Files older than PyTorch 0.4.1 have no batch counter; it plays no part at a fixed BatchNorm momentum."""
SECOND = re.compile(r"(^|[._])(ema|student|encoder_k|momentum|target|swa|average[d]?)([._]|$)")
"""Keys and prefixes of copies that are averaged or distilled beside the weights that are taken."""
FIRST = "conv1.weight"
KERNELS: dict[tuple[int, ...], str] = {(info.kernel_px, info.kernel_px): stem for stem, info in STEMS.items()}
"""Stems by the shape of their kernels."""
NUMBERED = {
    "conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5", "layer3": "6", "layer4": "7", "fc": "9",
}  # fmt: skip
"""Names of a ResNet's parts in `nn.Sequential(*network.children())`."""


@dataclass(frozen=True)
class Fit:
    """Weights that fit a network but perhaps for its head, under the network's own names."""

    state: Mapping[str, Tensor]
    taken: str
    """Prefix that was taken off their names, in brackets; empty for nothing."""
    others: str
    """Other weights in the file that fit; empty for nothing."""
    left: str
    """Tensors beside them that are not used, and a change of number type; empty for none."""


@dataclass(frozen=True)
class Network:
    """Requirements of a network on a file: names and shapes, and its head, which may be another."""

    expected: Mapping[str, Tensor]
    head: str
    name: str
    """Of the file, for messages."""
    arch: str

    @cached_property
    def body(self) -> dict[str, Tensor]:
        apart = set(head_tensors(self.expected, self.head))
        return {key: tensor for key, tensor in self.expected.items() if key not in apart}

    @cached_property
    def parts(self) -> frozenset[str]:
        """First words of the names of the body: what else begins so is of another network."""
        return frozenset(_first_word(key) for key in self.body)


@dataclass(frozen=True)
class _Candidate:
    """One way to read a state dict: with a prefix taken off all names, and perhaps with numbered parts."""

    found: FoundState
    prefix: str
    numbered: bool = False

    @cached_property
    def names(self) -> dict[str, str]:
        """Names in the file behind the prefix, by the network's names."""
        words = {number: word for word, number in NUMBERED.items()} if self.numbered else {}
        named = {}
        for name in self.found.tensors:
            if name.startswith(self.prefix):
                word, dot, rest = name[len(self.prefix) :].partition(".")
                named[words.get(word, word) + dot + rest] = name
        return named

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Tensors behind the prefix, by the network's names."""
        return {ours: self.found.tensors[theirs] for ours, theirs in self.names.items()}

    @property
    def place(self) -> str:
        parts = [f"key {'.'.join(self.found.keys)}"] if self.found.keys else []
        parts += [f"prefix {self.prefix}"] if self.prefix else []
        parts += ["numbered parts"] if self.numbered else []
        return ", ".join(parts)

    @property
    def is_second(self) -> bool:
        return SECOND.search(".".join((*self.found.keys, self.prefix))) is not None


def fit_state(found: Sequence[FoundState], network: Network) -> Fit:
    """Return the first weights in a file that fit a network but for its head, averaged copies last.

    Raises WeightsError, naming the first tensors that differ where none fit, and the first that are not finite."""
    try:
        return _fit(found, network)
    except (RuntimeError, MemoryError) as error:  # of tensors without numbers, or of too many
        raise WeightsError(
            f"{network.name} holds tensors that cannot be read into memory: save model.state_dict() from the CPU"
        ) from error


def _fit(found: Sequence[FoundState], network: Network) -> Fit:
    candidates = [each for state in found for each in _candidates(state, network)]
    fitting = [each for each in candidates if not _differences(each, network)]
    if not fitting:
        nearest = max(candidates, key=lambda each: len(network.body.keys() & each.tensors.keys()))
        raise WeightsError(_misfit(nearest, network))
    chosen = min(fitting, key=lambda each: each.is_second)
    others = [each for each in fitting if each is not chosen]
    state, converted = _converted(chosen, network)
    left = _left(chosen, others, network)
    return Fit(
        state,
        f" ({chosen.place})" if chosen.place else "",
        "; ".join(each.place or "the outermost" for each in others),
        (f"; left: {first_of(left)}" if left else "") + converted,
    )


def _candidates(found: FoundState, network: Network) -> list[_Candidate]:
    """Return the ways to read a state dict, those first that give the most of the network's names."""
    counts: Counter[tuple[str, bool]] = Counter()
    numbered = _numbered(network)
    for name in found.tensors:
        cuts = [0, *(match.end() for match in re.finditer(r"\.", name))]
        for cut in cuts[:16]:
            counts[name[:cut], False] += name[cut:] in network.body
            counts[name[:cut], True] += name[cut:] in numbered
    best = [key for key, count in counts.most_common(MOST_PREFIXES) if count]
    return [_Candidate(found, *key) for key in best or [("", False)]]


def _numbered(network: Network) -> frozenset[str]:
    """Return the body's names with numbered parts; none for a network that is no ResNet."""
    if not network.parts <= NUMBERED.keys():
        return frozenset()
    split = (key.partition(".") for key in network.body)
    return frozenset(NUMBERED[word] + dot + rest for word, dot, rest in split)


def _differences(candidate: _Candidate, network: Network) -> dict[str, list[str]]:
    """Return the names of tensors, by sort, that keep a candidate from being a network's body."""
    ours, theirs = network.body, candidate.tensors
    heads = {*head_tensors(network.expected, network.head), *head_tensors(theirs, network.head)}
    shared = [key for key in ours if key in theirs]
    found = {
        "missing": sorted(key for key in ours if key not in theirs and not key.endswith(OPTIONAL)),
        "unexpected": sorted(
            key for key in theirs.keys() - ours.keys() - heads if _first_word(key) in network.parts
        ),
        "other shape": [
            f"{key} {tuple(theirs[key].shape)} for {tuple(ours[key].shape)}"
            for key in shared
            if theirs[key].shape != ours[key].shape
        ],
        "other type": [
            f"{key} {_type_of(theirs[key])}"
            for key in shared
            if not key.endswith(OPTIONAL) and not _is_like(theirs[key], ours[key])
        ],
    }
    return {sort: names for sort, names in found.items() if names}


def _is_like(theirs: Tensor, ours: Tensor) -> bool:
    """Tell whether a tensor is dense, and a number with a fraction where the network has such."""
    dense = theirs.layout == torch.strided and not theirs.is_quantized
    return dense and theirs.is_floating_point() == ours.is_floating_point() and not theirs.is_complex()


def _type_of(tensor: Tensor) -> str:
    """Name a tensor's number type, such as `int8` or `sparse_coo float32`."""
    layout = "" if tensor.layout == torch.strided else f"{tensor.layout} "
    return f"{layout}{tensor.dtype}".replace("torch.", "")


def _misfit(nearest: _Candidate, network: Network) -> str:
    """Return the error of a file in which nothing fits, by what comes nearest."""
    differences = _differences(nearest, network)
    if not network.body.keys() & nearest.tensors.keys():
        differences["unexpected"] = sorted(nearest.tensors)
    parts = "; ".join(f"{sort} {first_of(names)}" for sort, names in differences.items())
    place = f" ({nearest.place})" if nearest.place else ""
    hints = depth_note(nearest.tensors, network.arch) + stem_note(nearest.tensors, network.body)
    return f"{network.name}{place} does not fit {network.arch}: {parts}{hints}"


def _converted(chosen: _Candidate, network: Network) -> tuple[dict[str, Tensor], str]:
    """Return the tensors in the network's number types, and a note of others; heads of another form are left out.

    Raises WeightsError for NaN and infinity."""
    wanted = _used(chosen, network)
    state, types, bad = {}, set(), []
    for name, tensor in chosen.tensors.items():
        if name not in wanted:
            continue
        ours = network.expected[name]
        state[name] = tensor.detach().to(ours.dtype)
        if tensor.is_floating_point() and tensor.dtype != ours.dtype:
            types.add(_type_of(tensor))
        if tensor.is_floating_point() and not _is_finite(state[name]) and (ours.is_meta or _is_finite(ours)):
            bad.append(chosen.names[name])
    if bad:
        raise WeightsError(
            f"{network.name} holds NaN or infinity, so nothing can start from it: {first_of(sorted(bad))}; "
            "take a checkpoint from before its training diverged"
        )
    return state, f"; converted from {', '.join(sorted(types))}" if types else ""


def _used(chosen: _Candidate, network: Network) -> set[str]:
    """Return the network's names whose tensors are taken from a file: the body, and a head but for its outputs."""
    heads = head_tensors(network.expected, network.head)
    fitting = {
        name
        for name in heads
        if name in chosen.tensors and _is_head_like(chosen.tensors[name], network.expected[name])
    }
    return {*network.body, *fitting} & chosen.tensors.keys()


def _is_head_like(theirs: Tensor, ours: Tensor) -> bool:
    """Tell whether a tensor could be a head's, for any number of outputs, and has no more numbers than are stored."""
    if theirs.ndim != ours.ndim or theirs.shape[1:] != ours.shape[1:] or not _is_like(theirs, ours):
        return False
    return theirs.numel() * theirs.itemsize <= theirs.untyped_storage().nbytes()


def _is_finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())


def _left(chosen: _Candidate, others: Sequence[_Candidate], network: Network) -> list[str]:
    """Return the names beside the chosen weights that nothing uses."""
    used = {chosen.names[name] for name in _used(chosen, network)}
    copies = tuple(each.prefix for each in others if each.found is chosen.found and each.prefix)
    return [
        name
        for name in chosen.found.tensors
        if name not in used and not name.endswith(OPTIONAL) and not name.startswith(copies or "\0")
    ]


def _first_word(name: str) -> str:
    return name.partition(".")[0]


def head_tensors(names: Iterable[str], head: str) -> list[str]:
    """Return the names that belong to the head, weight first."""
    return sorted((name for name in names if name.rpartition(".")[0] == head), reverse=True)


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


def stem_note(theirs: Mapping[str, Tensor], ours: Mapping[str, Tensor]) -> str:
    """Return a hint when the first convolution is that of another stem, and the network a built-in one."""
    kernels = [tuple(state[FIRST].shape[2:]) if FIRST in state else () for state in (theirs, ours)]
    if kernels[0] == kernels[1] or kernels[1] not in KERNELS:
        return ""
    return f"; its stem looks like {KERNELS[kernels[0]]}" if kernels[0] in KERNELS else ""


def _inner_shape(info: ArchInfo) -> tuple[int, int]:
    """Output channels and input channels a group of the 3×3 convolution in the first stage."""
    return info.base_width, info.base_width // info.groups
