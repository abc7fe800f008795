"""Built-in networks of a study: as they were trained, and Table 1 of He et al. 2015 for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.analysis.arch_table import ArchTable, arch_key, archs_used, is_basic, own_parameters
from engine.analysis.markdown import UNDEFINED
from engine.analysis.report.blocks import Block, Cell, Table, paragraph, table
from engine.analysis.report.values import ids_of
from engine.analysis.study import Study, StudyRun
from engine.recipes.losses import LOSSES
from engine.spec.archs import ARCH_INFOS
from engine.spec.plugin_name import arch_shown
from engine.spec.stems import STEMS


def networks_table(study: Study, architectures: Iterable[ArchTable]) -> list[Block]:
    """Return the table, and the names of the networks that are not in it."""
    found = {arch.key: arch for arch in architectures}
    used = archs_used(study)
    columns = [found[key] for key in used if key in found]
    missing = [_heading(key, used) for key in used if key not in found]
    missing += [arch_shown(arch) for arch in _plugins(study)]
    blocks: list[Block] = []
    if columns:
        blocks.append(_as_trained(study, found))
        header = ["layer", "output", *(_heading(column.key, used) for column in columns)]
        blocks.append(
            table(
                "The networks in the paper's size", header, _rows(columns), left=header, note=_note(columns)
            )
        )
    if missing:
        blocks.append(paragraph(f"Not summarised: {', '.join(missing)}."))
    return blocks


def _as_trained(study: Study, found: Mapping[tuple[str, str], ArchTable]) -> Table:
    """Return a row for each network with its first layers, image size and outputs."""
    trained: dict[tuple[Cell, ...], list[int]] = {}
    for run in study.measured:
        column = found.get(arch_key(run.spec))
        if column is not None:
            trained.setdefault(_trained(column, run), []).append(run.id)
    header = ("runs", "network", "first layers", "image, px", "outputs", "last feature map", "parameters")
    rows = [[ids_of(ids), *cells] for cells, ids in trained.items()]
    left = ("runs", "network", "first layers")
    return table("The networks as they were trained", header, rows, left=left, note=_small_maps(study))


def _trained(column: ArchTable, run: StudyRun) -> tuple[Cell, ...]:
    spec, info = run.spec, ARCH_INFOS[run.spec.arch]
    side = STEMS[spec.stem].last_map_px(spec.image_size)
    outputs = LOSSES[spec.loss].output_count(len(run.classes))
    parameters = f"{own_parameters(column, spec.stem, outputs):,}"
    return info.title, spec.stem, str(spec.image_size), str(outputs), f"{side}×{side}", parameters


def _small_maps(study: Study) -> str:
    """Say where the last feature map is 1×1, which the other first layers would avoid; empty where it is larger."""
    single = [
        run
        for run in study.measured
        if run.spec.arch in ARCH_INFOS and STEMS[run.spec.stem].last_map_px(run.spec.image_size) == 1
    ]
    if not single:
        return ""
    cifar = STEMS["cifar"].last_map_px(single[0].spec.image_size)
    return (
        f"With the first layers for ImageNet and images as small as in {ids_of(run.id for run in single)}, the last "
        f"feature map is 1×1, so the last stage no longer sees where in the image anything is; stem cifar would keep "
        f"{cifar}×{cifar} at {single[0].spec.image_size} px."
    )


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
        "1,000 classes, as in the paper; as they were trained, they stand in the table before."
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
