"""ResNet, ResNeXt and Wide ResNet by hand, with torchvision's parameter names, shapes and meaning.

Sources: He et al. 2015, "Deep Residual Learning for Image Recognition" (blocks, Table 1), He et al. 2015, "Delving
Deep into Rectifiers" (the initialisation of the convolutions), Xie et al. 2017, "Aggregated Residual Transformations"
(groups), Zagoruyko and Komodakis 2016, "Wide Residual Networks" (width).
"""

from typing import Literal, TypeAlias, assert_never, cast

import torch
from torch import Tensor, nn

from engine.spec.archs import ARCH_INFOS, ArchInfo
from engine.spec.stems import STEMS, Stem

BottleneckStride: TypeAlias = Literal["3x3", "1x1"]
BOTTLENECK_STRIDES = ("3x3", "1x1")
IMPLEMENTATIONS = ("own", "torchvision")


def conv1x1(channels_in: int, channels_out: int, stride: int = 1) -> nn.Conv2d:
    """Return a pointwise convolution; BatchNorm follows everywhere, so it has no bias."""
    return nn.Conv2d(channels_in, channels_out, kernel_size=1, stride=stride, bias=False)


def conv3x3(channels_in: int, channels_out: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """Return a convolution that keeps the size at stride 1; no bias, as BatchNorm follows."""
    return nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, groups=groups, bias=False)


def shortcut(channels_in: int, channels_out: int, stride: int) -> nn.Sequential | None:
    """Return the projection of a block's input, or None where the input can be added as it is."""
    if stride == 1 and channels_in == channels_out:
        return None
    return nn.Sequential(conv1x1(channels_in, channels_out, stride), nn.BatchNorm2d(channels_out))


class BasicBlock(nn.Module):
    """Two 3×3 convolutions; the first carries the stride."""

    def __init__(self, channels_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(channels_in, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(width, width)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(channels_in, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W to N×width×H/stride×W/stride."""
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return cast(Tensor, self.relu(out))


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1; the stride sits in the 3×3 (torchvision) or in the first 1×1 (the ResNet paper)."""

    def __init__(
        self,
        channels_in: int,
        inner: int,
        channels_out: int,
        stride: int,
        groups: int,
        bottleneck_stride: BottleneckStride,
    ) -> None:
        super().__init__()
        in_first = bottleneck_stride == "1x1"
        self.conv1 = conv1x1(channels_in, inner, stride if in_first else 1)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = conv3x3(inner, inner, 1 if in_first else stride, groups)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = conv1x1(inner, channels_out)
        self.bn3 = nn.BatchNorm2d(channels_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(channels_in, channels_out, stride)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W to N×channels_out×H/stride×W/stride."""
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += identity
        return cast(Tensor, self.relu(out))


def block_of(
    info: ArchInfo, channels_in: int, width: int, stride: int, bottleneck_stride: BottleneckStride
) -> BasicBlock | Bottleneck:
    """Return a block of the stage whose base width is `width`."""
    match info.block:
        case "basic":
            return BasicBlock(channels_in, width, stride)
        case "bottleneck":
            inner = info.base_width * width // 64
            return Bottleneck(channels_in, inner, 4 * width, stride, info.groups, bottleneck_stride)
        case _:
            assert_never(info.block)


def stage(
    info: ArchInfo, index: int, channels_in: int, stride: int, bottleneck_stride: BottleneckStride
) -> nn.Sequential:
    """Stage `index`, from 0: its first block changes size and channels, the others keep both."""
    width, channels_out = info.stem_channels << index, (info.features // 8) << index
    blocks = [block_of(info, channels_in, width, stride, bottleneck_stride)]
    for _ in range(info.blocks[index] - 1):
        blocks.append(block_of(info, channels_out, width, 1, bottleneck_stride))
    return nn.Sequential(*blocks)


class ResNet(nn.Module):
    """conv1, four stages of residual blocks, average pool, fc."""

    def __init__(
        self,
        info: ArchInfo,
        num_classes: int,
        bottleneck_stride: BottleneckStride,
        zero_init_residual: bool,
        stem: Stem = "imagenet",
    ) -> None:
        super().__init__()
        first = STEMS[stem]
        self.conv1 = nn.Conv2d(
            3,
            info.stem_channels,
            first.kernel_px,
            stride=first.stride,
            padding=first.kernel_px // 2,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(info.stem_channels)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1) if first.has_max_pool else nn.Identity()
        narrow = info.features // 8
        self.layer1 = stage(info, 0, info.stem_channels, 1, bottleneck_stride)
        self.layer2 = stage(info, 1, narrow, 2, bottleneck_stride)
        self.layer3 = stage(info, 2, 2 * narrow, 2, bottleneck_stride)
        self.layer4 = stage(info, 3, 4 * narrow, 2, bottleneck_stride)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(info.features, num_classes)
        initialise(self, zero_init_residual)

    def forward(self, x: Tensor) -> Tensor:
        """Images N×3×H×W to logits N×num_classes."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return cast(Tensor, self.fc(torch.flatten(self.avgpool(x), 1)))


def initialise(model: nn.Module, zero_init_residual: bool) -> None:
    """He initialisation: normal of variance 2 / fan out ("Delving Deep", eq. 14); BatchNorm 1 and 0.

    With `zero_init_residual` each block's last BatchNorm starts at weight 0, so that the block starts as the
    identity. The fc keeps `nn.Linear`'s own uniform ±1/√inputs. A network on the meta device has no numbers, and a
    draw of them would import torch's compiler for two seconds.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            if module.weight.is_meta:
                continue
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
    if zero_init_residual:
        for module in model.modules():
            if isinstance(module, BasicBlock):
                nn.init.zeros_(module.bn2.weight)
            elif isinstance(module, Bottleneck):
                nn.init.zeros_(module.bn3.weight)


def resnet(
    arch: str,
    num_classes: int,
    bottleneck_stride: str,
    zero_init_residual: bool,
    stem: Stem = "imagenet",
) -> ResNet:
    """Return the named network, initialised from the process's random state; a name out of range is a ValueError."""
    if arch not in ARCH_INFOS:
        raise ValueError(f"unknown arch {arch!r}: choose one of {', '.join(ARCH_INFOS)}")
    if bottleneck_stride not in BOTTLENECK_STRIDES:
        raise ValueError(f"unknown bottleneck stride {bottleneck_stride!r}: choose 3x3 or 1x1")
    stride = cast(BottleneckStride, bottleneck_stride)
    return ResNet(ARCH_INFOS[arch], num_classes, stride, zero_init_residual, stem)


def build_model(
    arch: str,
    num_classes: int,
    *,
    implementation: str = "own",
    bottleneck_stride: str = "3x3",
    stem: Stem = "imagenet",
    seed: int = 0,
) -> nn.Module:
    """Build a network on the CPU with weights drawn from the seed alone; the process's random state is not touched.

    Both implementations start from the same weights. A name out of range is a ValueError.
    """
    if implementation not in IMPLEMENTATIONS:
        raise ValueError(f"unknown implementation {implementation!r}: choose own or torchvision")
    if implementation == "torchvision" and bottleneck_stride != "3x3":
        raise ValueError(
            "torchvision's bottleneck has its stride in the 3x3: choose implementation own for 1x1"
        )
    if implementation == "torchvision" and stem != "imagenet":
        raise ValueError(
            f"torchvision's networks have the stem imagenet: choose implementation own for {stem}"
        )
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(seed)
        model = resnet(arch, num_classes, bottleneck_stride, zero_init_residual=False, stem=stem)
    return model if implementation == "own" else as_torchvision(arch, model)


def as_torchvision(arch: str, model: ResNet) -> nn.Module:
    """Torchvision's network of that name around the given network's tensors."""
    from torchvision.models import get_model

    with torch.device("meta"):
        twin: nn.Module = get_model(arch, weights=None, num_classes=model.fc.out_features)
    twin.load_state_dict(model.state_dict(), assign=True)
    return twin
