"""Table 1 of He et al. 2015 for the built-in networks that a study uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.analysis.study import Study
from engine.spec.archs import ARCH_INFOS
from engine.spec.run_spec import RunSpec
from engine.spec.stems import STEMS, Stem

IMAGENET_CLASSES = 1000


@dataclass(frozen=True)
class ArchLayer:
    """One row of Table 1 for one network: `output` as height×width, `blocks` in the paper's notation."""

    name: str
    output: str
    blocks: str


@dataclass(frozen=True)
class ArchTable:
    """Column of one network in Table 1."""

    arch: str
    bottleneck_stride: str
    parameters: int
    multiply_adds: int
    published_multiply_adds: int | None
    """Figure of the paper; None for a network that is not in it."""
    torchvision_multiply_adds: int
    layers: tuple[ArchLayer, ...]

    @property
    def key(self) -> tuple[str, str]:
        return _key(self.arch, self.bottleneck_stride)


def read_architectures(document: Mapping[str, Any]) -> tuple[ArchTable, ...]:
    """Read the document that `python -m engine.models.summary --json` prints."""
    return tuple(
        ArchTable(**{**arch, "layers": tuple(ArchLayer(**layer) for layer in arch["layers"])})
        for arch in document["archs"]
    )


def archs_used(study: Study) -> tuple[tuple[str, str], ...]:
    """Return the networks to ask the summary for, as (arch, bottleneck stride) in the registry's order, without
    plug-ins, which the summary does not know."""
    used = {arch_key(run.spec) for run in study.runs if run.spec.arch in ARCH_INFOS}
    order = list(ARCH_INFOS)
    return tuple(sorted(used, key=lambda key: (order.index(key[0]), key[1])))


def arch_key(spec: RunSpec) -> tuple[str, str]:
    """Return the `key` of the column of a spec's network."""
    return _key(spec.arch, spec.bottleneck_stride)


def own_parameters(column: ArchTable, stem: Stem, outputs: int) -> int:
    """Return the parameters of a column's network with other first layers and so many outputs; the column's are with
    ImageNet's first layers and its 1,000 classes."""
    info = ARCH_INFOS[column.arch]
    first = info.stem_channels * (STEMS[stem].parameters - STEMS["imagenet"].parameters)
    return column.parameters + first + (outputs - IMAGENET_CLASSES) * (info.features + 1)


def _key(arch: str, stride: str) -> tuple[str, str]:
    return arch, "3x3" if is_basic(arch) else stride


def is_basic(arch: str) -> bool:
    """Tell whether the network has no bottlenecks, so that the bottleneck stride means nothing."""
    return ARCH_INFOS[arch].block == "basic"
