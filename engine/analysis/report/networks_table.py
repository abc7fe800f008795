"""Table 1 of He et al. 2015 for the built-in networks that a study uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.analysis.arch_table import ArchTable, archs_used, is_basic
from engine.analysis.markdown import UNDEFINED
from engine.analysis.report.blocks import Block, paragraph, table
from engine.analysis.study import Study
from engine.spec.archs import ARCH_INFOS
from engine.spec.plugin_name import arch_shown


def networks_table(study: Study, architectures: Iterable[ArchTable]) -> list[Block]:
    """Return the table, and the names of the networks that are not in it."""
    found = {arch.key: arch for arch in architectures}
    used = archs_used(study)
    columns = [found[key] for key in used if key in found]
    missing = [_heading(key, used) for key in used if key not in found]
    missing += [arch_shown(arch) for arch in _plugins(study)]
    blocks: list[Block] = []
    if columns:
        header = ["layer", "output", *(_heading(column.key, used) for column in columns)]
        blocks.append(table("The networks used", header, _rows(columns), left=header, note=_note(columns)))
    if missing:
        blocks.append(paragraph(f"Not summarised: {', '.join(missing)}."))
    return blocks


def _plugins(study: Study) -> list[str]:
    return sorted({run.spec.arch for run in study.runs if run.spec.arch not in ARCH_INFOS})


def _rows(columns: Sequence[ArchTable]) -> list[list[str]]:
    rows = [
        [layer.name, layer.output, *(column.layers[row].blocks for column in columns)]
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
    return rows


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
    return in_paper and column.bottleneck_stride == "3x3" and not is_basic(column.arch)


def _heading(key: tuple[str, str], used: Sequence[tuple[str, str]]) -> str:
    arch, stride = key
    both = sum(other == arch for other, _ in used) > 1
    name = ARCH_INFOS[arch].title
    return f"{name} (stride in the {stride.replace('x', '×')})" if both or stride == "1x1" else name
