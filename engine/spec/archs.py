"""Registry of architectures: one entry holds all that the program knows of a network. Imports no torch."""

from dataclasses import dataclass
from typing import Literal, assert_never

from engine.spec.stems import Stem

Block = Literal["basic", "bottleneck"]
ImagenetVersion = Literal["v1", "v2"]
BLOCK_EXPANSION: dict[Block, int] = {"basic": 1, "bottleneck": 4}
"""Output channels of a block over its stage's base width."""


@dataclass(frozen=True)
class Cost:
    """Cost of one image; both figures grow with its pixels."""

    size_px: int
    """Side of the image that they were counted for."""
    multiply_adds: int
    """Of a forward pass, 1,000 classes."""
    activations_mib: float
    """Tensors that autograd keeps for the backward pass in float32."""

    def multiply_adds_at(self, size_px: int) -> float:
        return self.multiply_adds * (size_px / self.size_px) ** 2

    def activations_mib_at(self, size_px: int) -> float:
        return self.activations_mib * (size_px / self.size_px) ** 2


@dataclass(frozen=True)
class ArchInfo:
    """One architecture. The figures are counted on the meta device; a test counts them again."""

    name: str
    title: str
    """In headings: `ResNet-18`."""
    block: Block
    blocks: tuple[int, int, int, int]
    """Blocks of the four stages."""
    weights_mib: float
    """Parameters and buffers without the head, float32."""
    imagenet_stem: Cost
    cifar_stem: Cost
    torchvision_multiply_adds: int
    """`_ops` in the metadata of torchvision's weights: one image of 224×224, 1,000 classes."""
    imagenet_versions: tuple[ImagenetVersion, ...]
    """Versions of ImageNet weights that torchvision has; the last one is its default."""
    preset_epochs: int
    """Epochs of the presets: the course has 10 for ResNet-18 and 5 for ResNet-50; others take their block's."""
    paper_multiply_adds: int | None = None
    """He et al. 2015, Table 1, there called FLOPs, with the stride in the first 1×1; None where it is not in it."""
    groups: int = 1
    """Of the 3×3 convolution in a bottleneck."""
    width_per_group: int = 64
    """Channels a group of that convolution in the first stage."""
    stem_channels: int = 64
    """Channels of the first convolution; stage i, from 0, has a base width of stem_channels · 2^i."""
    first_layer: str = "conv1"
    head: str = "fc"
    """Module names of the first convolution and the last layer."""

    @property
    def features(self) -> int:
        """Inputs of the head."""
        return 8 * self.stem_channels * BLOCK_EXPANSION[self.block]

    @property
    def base_width(self) -> int:
        """Inner channels of a block in the first stage, at 64 stem channels."""
        return self.groups * self.width_per_group

    def cost(self, stem: Stem) -> Cost:
        match stem:
            case "imagenet":
                return self.imagenet_stem
            case "cifar":
                return self.cifar_stem
            case _:
                assert_never(stem)


_INFOS = (
    ArchInfo(
        "resnet18", "ResNet-18", "basic", (2, 2, 2, 2), weights_mib=42.7,
        imagenet_stem=Cost(224, 1_814_073_344, 21.2), cifar_stem=Cost(32, 555_929_600, 4.5),
        torchvision_multiply_adds=1_814_000_000, imagenet_versions=("v1",), preset_epochs=10,
        paper_multiply_adds=1_800_000_000,
    ),
    ArchInfo(
        "resnet34", "ResNet-34", "basic", (3, 4, 6, 3), weights_mib=81.3,
        imagenet_stem=Cost(224, 3_663_761_408, 30.7), cifar_stem=Cost(32, 1_159_909_376, 7.6),
        torchvision_multiply_adds=3_664_000_000, imagenet_versions=("v1",), preset_epochs=10,
        paper_multiply_adds=3_600_000_000,
    ),
    ArchInfo(
        "resnet50", "ResNet-50", "bottleneck", (3, 4, 6, 3), weights_mib=89.9,
        imagenet_stem=Cost(224, 4_089_184_256, 82.0), cifar_stem=Cost(32, 1_299_857_408, 24.4),
        torchvision_multiply_adds=4_089_000_000, imagenet_versions=("v1", "v2"), preset_epochs=5,
        paper_multiply_adds=3_800_000_000,
    ),
    ArchInfo(
        "resnet101", "ResNet-101", "bottleneck", (3, 4, 23, 3), weights_mib=162.5,
        imagenet_stem=Cost(224, 7_801_405_440, 121.1), cifar_stem=Cost(32, 2_512_011_264, 37.2),
        torchvision_multiply_adds=7_801_000_000, imagenet_versions=("v1", "v2"), preset_epochs=5,
        paper_multiply_adds=7_600_000_000,
    ),
    ArchInfo(
        "resnet152", "ResNet-152", "bottleneck", (3, 8, 36, 3), weights_mib=222.4,
        imagenet_stem=Cost(224, 11_513_626_624, 169.4), cifar_stem=Cost(32, 3_724_165_120, 53.0),
        torchvision_multiply_adds=11_514_000_000, imagenet_versions=("v1", "v2"), preset_epochs=5,
        paper_multiply_adds=11_300_000_000,
    ),
    ArchInfo(
        "resnext50_32x4d", "ResNeXt-50 32×4d", "bottleneck", (3, 4, 6, 3), weights_mib=87.9,
        imagenet_stem=Cost(224, 4_230_479_872, 107.1), cifar_stem=Cost(32, 1_345_994_752, 32.6),
        torchvision_multiply_adds=4_230_000_000, imagenet_versions=("v1", "v2"), preset_epochs=5,
        groups=32, width_per_group=4,
    ),
    ArchInfo(
        "resnext101_32x8d", "ResNeXt-101 32×8d", "bottleneck", (3, 4, 23, 3), weights_mib=331.7,
        imagenet_stem=Cost(224, 16_414_015_488, 235.4), cifar_stem=Cost(32, 5_324_292_096, 74.6),
        torchvision_multiply_adds=16_414_000_000, imagenet_versions=("v1", "v2"), preset_epochs=5,
        groups=32, width_per_group=8,
    ),
    ArchInfo(
        "resnext101_64x4d", "ResNeXt-101 64×4d", "bottleneck", (3, 4, 23, 3), weights_mib=311.3,
        imagenet_stem=Cost(224, 15_460_270_080, 235.4), cifar_stem=Cost(32, 5_012_865_024, 74.6),
        torchvision_multiply_adds=15_460_000_000, imagenet_versions=("v1",), preset_epochs=5,
        groups=64, width_per_group=4,
    ),
    ArchInfo(
        "wide_resnet50_2", "Wide ResNet-50-2", "bottleneck", (3, 4, 6, 3), weights_mib=255.2,
        imagenet_stem=Cost(224, 11_398_021_120, 107.1), cifar_stem=Cost(32, 3_686_416_384, 32.6),
        torchvision_multiply_adds=11_398_000_000, imagenet_versions=("v1", "v2"), preset_epochs=5,
        width_per_group=128,
    ),
    ArchInfo(
        "wide_resnet101_2", "Wide ResNet-101-2", "bottleneck", (3, 4, 23, 3), weights_mib=476.7,
        imagenet_stem=Cost(224, 22_753_050_624, 159.2), cifar_stem=Cost(32, 7_394_181_120, 49.6),
        torchvision_multiply_adds=22_753_000_000, imagenet_versions=("v1", "v2"), preset_epochs=5,
        width_per_group=128,
    ),
)  # fmt: skip
ARCH_INFOS: dict[str, ArchInfo] = {info.name: info for info in _INFOS}
DEFAULT_ARCH = _INFOS[0].name


def find_arch(arch: str) -> ArchInfo | None:
    """Return the entry of a built-in architecture by its name, that of a ResNet also by its depth alone (`50`).

    None for a plug-in, of which only its file knows more."""
    return ARCH_INFOS.get(arch) or ARCH_INFOS.get(f"resnet{arch}")
