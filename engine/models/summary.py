"""Architecture table, laid out like Table 1 of He et al. 2015 and read off the networks themselves."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from engine.models.resnet import ResNet, resnet
from engine.spec.archs import ARCH_INFOS

SOURCES = {
    "published_multiply_adds": "He et al. 2015, Table 1, there called FLOPs",
    "torchvision_multiply_adds": "the metadata of torchvision's ImageNet weights, _ops in GFLOPS",
}
"""Sources of the figures beside the counted ones: 224×224 pixels, 1,000 classes."""

STAGE_MODULES = {
    "conv1": "conv1",
    "conv2_x": "layer1",
    "conv3_x": "layer2",
    "conv4_x": "layer3",
    "conv5_x": "layer4",
    "head": "avgpool",
}
"""The paper's name of each stage, and the module whose output is the stage's."""


@dataclass(frozen=True)
class LayerSummary:
    """One row of the table: `output` as height×width, `blocks` in the paper's notation."""

    name: str
    output: str
    blocks: str


@dataclass(frozen=True)
class ArchSummary:
    """One column of the table; `multiply_adds` is for one image of the size asked for."""

    arch: str
    bottleneck_stride: str
    parameters: int
    multiply_adds: int
    published_multiply_adds: int | None
    """The paper's; None for a network that is not in it."""
    torchvision_multiply_adds: int
    layers: tuple[LayerSummary, ...]


def summarise(
    arch: str, *, num_classes: int = 1000, image_size_px: int = 224, bottleneck_stride: str = "3x3"
) -> ArchSummary:
    """Run one image through the network on the meta device, where shapes are real and numbers are not."""
    with torch.device("meta"):
        model = resnet(arch, num_classes, bottleneck_stride, zero_init_residual=False).eval()
        image = torch.empty(1, 3, image_size_px, image_size_px)
    sizes: dict[str, str] = {}
    for stage, module_name in STAGE_MODULES.items():
        model.get_submodule(module_name).register_forward_hook(size_recorder(sizes, stage))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(image)
    blocks, info = stage_texts(model), ARCH_INFOS[arch]
    return ArchSummary(
        arch=arch,
        bottleneck_stride=bottleneck_stride,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        multiply_adds=counter.get_total_flops() // 2,
        published_multiply_adds=info.paper_multiply_adds,
        torchvision_multiply_adds=info.torchvision_multiply_adds,
        layers=tuple(LayerSummary(stage, sizes[stage], blocks[stage]) for stage in STAGE_MODULES),
    )


def size_recorder(
    sizes: dict[str, str], stage: str
) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
    """Return a forward hook that notes its module's output size, N×C×H×W, as H×W."""

    def record(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        height_px, width_px = output.shape[-2:]
        sizes[stage] = f"{height_px}×{width_px}"

    return record


def stage_texts(model: ResNet) -> dict[str, str]:
    """Return the layers of each stage, in the paper's notation."""
    pool = model.maxpool
    assert isinstance(pool, nn.MaxPool2d)
    entry = f"{pool.kernel_size}×{pool.kernel_size} max pool, stride {pool.stride}; "
    return {
        "conv1": f"{conv_text(model.conv1)}, stride {model.conv1.stride[0]}",
        "conv2_x": entry + blocks_text(model.layer1),
        "conv3_x": blocks_text(model.layer2),
        "conv4_x": blocks_text(model.layer3),
        "conv5_x": blocks_text(model.layer4),
        "head": f"average pool, fc {model.fc.out_features}",
    }


def blocks_text(blocks: nn.Sequential) -> str:
    """`[3×3,64; 3×3,64]×2`: the convolutions of a block (shortcuts left out) and how many are alike."""
    texts = (
        "; ".join(conv_text(layer) for layer in block.children() if isinstance(layer, nn.Conv2d))
        for block in blocks
    )
    return ", ".join(f"[{text}]×{len(list(alike))}" for text, alike in groupby(texts))


def conv_text(conv: nn.Conv2d) -> str:
    """`3×3,64`: kernel and output channels; `3×3,128 C=32` with groups, as Xie et al. 2017 have it."""
    height_px, width_px = conv.kernel_size
    groups = f" C={conv.groups}" if conv.groups > 1 else ""
    return f"{height_px}×{width_px},{conv.out_channels}{groups}"


def text_table(summaries: Sequence[ArchSummary]) -> str:
    """Format the table: a line for each network, then one for each of its stages."""
    lines: list[str] = []
    for summary in summaries:
        lines.append(
            f"{summary.arch}, stride in the {summary.bottleneck_stride}: {summary.parameters:,} parameters, "
            f"{summary.multiply_adds / 1e9:.3f}e9 multiply-adds ({_published(summary)})"
        )
        lines += [f"  {layer.name:8} {layer.output:8} {layer.blocks}" for layer in summary.layers]
    return "\n".join(lines)


def _published(summary: ArchSummary) -> str:
    paper = summary.published_multiply_adds
    shown = "" if paper is None else f"published: {paper / 1e9:.1f}e9, "
    return f"{shown}torchvision: {summary.torchvision_multiply_adds / 1e9:.3f}e9"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of some networks or of all; the exit code is 2 when there is no such network."""
    parser = argparse.ArgumentParser(prog="python -m engine.models.summary", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(ARCH_INFOS)}; all when left out")
    parser.add_argument("--bottleneck-stride", default="3x3", help="3x3 (torchvision) or 1x1 (the paper)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    names = options.names or list(ARCH_INFOS)
    try:
        summaries = [summarise(name, bottleneck_stride=options.bottleneck_stride) for name in names]
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    document = json.dumps({"archs": [asdict(summary) for summary in summaries], "sources": SOURCES})
    print(document if options.json else text_table(summaries))
    return 0


if __name__ == "__main__":
    sys.exit(main())
