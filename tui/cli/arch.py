"""`resnet-tui arch`: networks as in Table 1 of He et al. 2015, read from the built modules."""

import re
import shutil
from collections.abc import Sequence
from itertools import zip_longest
from typing import Annotated

import typer

from engine.analysis.arch_table import ArchTable, read_architectures
from engine.files.paths import Home
from engine.spec.archs import ARCH_INFOS
from engine.torch_subprocess import ask
from tui.cli.options import takes_home
from tui.cli.output import CliError, print_json

STRIDES = ("3x3", "1x1")
BLOCKS = re.compile(r"\[(?P<convs>[^]]+)\]×(?P<count>\d+)")
SIDE = 17
"""Width of the stage's name and output size, in characters."""
UNKNOWN = "–"
NARROWEST = 12
"""Smallest width of a network's column, in characters: `1×1,512 ×36` and a gap."""


@takes_home
def arch(
    home: Home,
    name: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(ARCH_INFOS)} (default: all).")
    ] = None,
    bottleneck_stride: Annotated[
        str, typer.Option(help="3x3 as in torchvision, 1x1 as in the paper.")
    ] = "3x3",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> int:
    """Show the networks' layers, parameters and multiply-adds beside the published ones."""
    if name is not None and name not in ARCH_INFOS:
        raise CliError(f"unknown network {name!r}: choose from {', '.join(ARCH_INFOS)}")
    if bottleneck_stride not in STRIDES:
        raise CliError(f"--bottleneck-stride: {bottleneck_stride!r} is unknown: choose 3x3 or 1x1")
    names = [name] if name else list(ARCH_INFOS)
    document = ask(
        "models.summary", [*names, "--bottleneck-stride", bottleneck_stride], what="the architecture table"
    )
    if as_json:
        print_json(document)
    else:
        tables = read_architectures(document)
        print("\n".join(table_lines(tables, shutil.get_terminal_size().columns)))
    return 0


def table_lines(archs: Sequence[ArchTable], width: int) -> list[str]:
    """Format the paper's table as lines of at most `width` characters, for a width of at least 77.

    Networks that do not fit side by side go into several tables, one below the other."""
    lines: list[str] = []
    for some in side_by_side(archs, width):
        column = max(_needed(some), min((width - SIDE) // len(some), 20))
        lines += [*_table(some, column), ""]
    return [*lines, *_notes(archs)]


def side_by_side(archs: Sequence[ArchTable], width: int) -> list[list[ArchTable]]:
    """Split the networks, in order, into groups that fit a width; those of the paper apart from the others."""
    groups: list[list[ArchTable]] = []
    for arch in archs:
        wider = [*groups[-1], arch] if groups else []
        is_alike = {each.published_multiply_adds is None for each in wider}
        if len(is_alike) == 1 and SIDE + _needed(wider) * len(wider) <= width:
            groups[-1] = wider
        else:
            groups.append([arch])
    return groups


def _needed(archs: Sequence[ArchTable]) -> int:
    """Return the width in characters that each of these networks needs."""
    return max(NARROWEST, *(len(each.arch) + 1 for each in archs), *map(_longest_convolution, archs))


def _longest_convolution(arch: ArchTable) -> int:
    cells = (
        cell for layer in arch.layers if (block := BLOCKS.search(layer.blocks)) for cell in _block(block)
    )
    return max(map(len, cells), default=0) + 1


def _table(archs: Sequence[ArchTable], column: int) -> list[str]:
    lines = [_line("layer", "output", [each.arch for each in archs], column)]
    for layers in zip(*(each.layers for each in archs), strict=True):
        lines += _stage(layers[0].name, layers[0].output, [each.blocks for each in layers], column)
    lines.append("")
    for label, cells in _figures(archs).items():
        lines.append(f"{label:<{SIDE}}" + "".join(f"{cell:<{column}}" for cell in cells).rstrip())
    return lines


def _stage(name: str, output: str, texts: Sequence[str], column: int) -> list[str]:
    """Format a stage: first the layers that all networks share, then each network's block, a convolution per line."""
    blocks = [BLOCKS.search(text) for text in texts]
    shared = texts[0][: blocks[0].start()].rstrip("; ") if blocks[0] else texts[0]
    lines = [_line(name, output, [shared], len(shared))] if shared else []
    cells = [_block(block) for block in blocks if block]
    for number, row in enumerate(zip_longest(*cells, fillvalue="")):
        titles = ("", "") if number or shared else (name, output)
        lines.append(_line(*titles, row, column))
    return lines


def _block(block: re.Match[str]) -> list[str]:
    first, *others = block["convs"].split("; ")
    return [f"{first:<7} ×{block['count']}", *others]


def _line(name: str, output: str, cells: Sequence[str], column: int) -> str:
    return (f"{name:<8}{output:<{SIDE - 8}}" + "".join(f"{cell:<{column}}" for cell in cells)).rstrip()


def _figures(archs: Sequence[ArchTable]) -> dict[str, list[str]]:
    counted = [f"{each.multiply_adds / 1e9:.3f}e9" for each in archs]
    figures = {"parameters": [f"{each.parameters:,}" for each in archs], "multiply-adds": counted}
    papers = [each.published_multiply_adds for each in archs]
    if any(paper is not None for paper in papers):
        figures["published"] = [UNKNOWN if paper is None else f"{paper / 1e9:.1f}e9" for paper in papers]
        figures["difference"] = [
            UNKNOWN if paper is None else f"{100 * (each.multiply_adds / paper - 1):+.1f} %"
            for each, paper in zip(archs, papers, strict=True)
        ]
    figures["torchvision"] = [f"{each.torchvision_multiply_adds / 1e9:.3f}e9" for each in archs]
    return figures


def _notes(archs: Sequence[ArchTable]) -> list[str]:
    notes = ["One image of 224×224 pixels, 1,000 classes. Published: He et al. 2015, Table 1.",
             "Torchvision: the metadata of its ImageNet weights (_ops)."]  # fmt: skip
    in_paper = [each for each in archs if each.published_multiply_adds is not None]
    if any(each.key[1] == "3x3" and "1×1" in each.layers[1].blocks for each in in_paper):
        notes += [
            "The paper's bottleneck strides in its first 1×1; here it strides in the 3×3, as in",
            "torchvision, which costs more: --bottleneck-stride 1x1 shows the paper's.",
        ]
    return notes
