"""Table 1 of He et al. 2015 for the built-in networks that a study uses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.analysis.markdown import UNDEFINED, markdown, table
from engine.analysis.study import Study, StudyRun
from engine.spec.archs import ARCH_INFOS
from engine.spec.plugin_name import arch_shown


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


def table_1(study: Study, architectures: Iterable[ArchTable]) -> str:
    """Write the table as Markdown, with the notes that a reader of it needs."""
    found = {arch.key: arch for arch in architectures}
    used = archs_used(study)
    columns = [found[key] for key in used if key in found]
    missing = [_heading(key, used) for key in used if key not in found]
    lines = [_markdown_table(columns, used)] if columns else []
    lines += [_note(columns)] if columns else []
    missing += [markdown(arch_shown(arch)) for arch in _plugins(study)]
    lines += [f"Not summarised: {', '.join(missing)}."] if missing else []
    return "\n\n".join(lines)


def _plugins(study: Study) -> list[str]:
    return sorted({run.spec.arch for run in study.runs if run.spec.arch not in ARCH_INFOS})


def _markdown_table(columns: Sequence[ArchTable], used: Sequence[tuple[str, str]]) -> str:
    rows = [
        [markdown(layer.name), layer.output, *(markdown(column.layers[row].blocks) for column in columns)]
        for row, layer in enumerate(columns[0].layers)
    ]
    rows.append(["multiply-adds, measured", "", *(_billions(each.multiply_adds, 3) for each in columns)])
    if any(each.published_multiply_adds is not None for each in columns):
        published = (_billions(each.published_multiply_adds, 1) for each in columns)
        rows.append(["multiply-adds, published", "", *published])
    if any(each.published_multiply_adds is None for each in columns):
        theirs = (_billions(each.torchvision_multiply_adds, 3) for each in columns)
        rows.append(["multiply-adds, torchvision", "", *theirs])
    rows.append(["parameters", "", *(f"{each.parameters:,}" for each in columns)])
    return table(["layer", "output", *(_heading(column.key, used) for column in columns)], rows)


def _billions(count: int | None, decimals: int) -> str:
    return UNDEFINED if count is None else f"{count / 1e9:.{decimals}f} × 10⁹"


def _note(columns: Sequence[ArchTable]) -> str:
    note = (
        "Laid out like Table 1 of He et al. (Deep residual learning for image recognition, 2015), read off "
        "the networks themselves. Sizes, multiply-adds and parameters are for an image of 224×224 pixels and "
        "1,000 classes, as in the paper; the runs below have their own image size and number of classes."
    )
    if any(_strides_otherwise(column) for column in columns):
        note += (
            " The published count is for a bottleneck whose stride lies in its first 1×1 convolution; "
            "measured here with the stride in the 3×3, the count is higher."
        )
    if any(column.published_multiply_adds is None for column in columns):
        note += " Torchvision's count is the one in the metadata of its ImageNet weights."
    return note


def _strides_otherwise(column: ArchTable) -> bool:
    """Tell whether the paper's count is for another stride than the column's."""
    in_paper = column.published_multiply_adds is not None
    return in_paper and column.bottleneck_stride == "3x3" and not _is_basic(column.arch)


def _heading(key: tuple[str, str], used: Sequence[tuple[str, str]]) -> str:
    arch, stride = key
    both = sum(other == arch for other, _ in used) > 1
    name = ARCH_INFOS[arch].title
    return f"{name} (stride in the {stride.replace('x', '×')})" if both or stride == "1x1" else name


def _run_key(run: StudyRun) -> tuple[str, str]:
    return _key(run.spec.arch, run.spec.bottleneck_stride)


def _key(arch: str, stride: str) -> tuple[str, str]:
    return arch, "3x3" if _is_basic(arch) else stride


def _is_basic(arch: str) -> bool:
    """Tell whether the network has no bottlenecks, so that the bottleneck stride means nothing."""
    return ARCH_INFOS[arch].block == "basic"
