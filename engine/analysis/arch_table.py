"""Table 1 of He et al. 2015 for the built-in networks that a study uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.analysis.study import Study, StudyRun
from engine.spec.archs import ARCH_INFOS


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
    used = {_run_key(run) for run in study.runs if run.spec.arch in ARCH_INFOS}
    order = list(ARCH_INFOS)
    return tuple(sorted(used, key=lambda key: (order.index(key[0]), key[1])))


def _run_key(run: StudyRun) -> tuple[str, str]:
    return _key(run.spec.arch, run.spec.bottleneck_stride)


def _key(arch: str, stride: str) -> tuple[str, str]:
    return arch, "3x3" if is_basic(arch) else stride


def is_basic(arch: str) -> bool:
    """Tell whether the network has no bottlenecks, so that the bottleneck stride means nothing."""
    return ARCH_INFOS[arch].block == "basic"
