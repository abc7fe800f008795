"""ResNets with 12 to 96 channels instead of 64 to 512: a step takes a tenth of the time. Plug-ins of the runs."""

from torch import nn
from torchvision.models.resnet import BasicBlock

WIDTH = 12


def resnet10(num_classes: int) -> nn.Module:
    """Return a network of one block a stage: 0.17 million weights."""
    return _resnet((1, 1, 1, 1), num_classes)


def resnet18(num_classes: int) -> nn.Module:
    """Return a network of two blocks a stage, as ResNet-18: 0.4 million weights."""
    return _resnet((2, 2, 2, 2), num_classes)


def _resnet(blocks: tuple[int, ...], num_classes: int) -> nn.Module:
    layers: list[nn.Module] = [
        nn.Conv2d(3, WIDTH, 7, 2, 3, bias=False),
        nn.BatchNorm2d(WIDTH),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
    ]
    channels = WIDTH
    for stage, count in enumerate(blocks):
        width = WIDTH * 2**stage
        layers.append(_block(channels, width, 2 if stage else 1))
        layers += [_block(width, width, 1) for _ in range(count - 1)]
        channels = width
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_classes))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network


def _block(channels: int, width: int, stride: int) -> nn.Module:
    shortcut = None
    if stride != 1 or channels != width:
        shortcut = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
    return BasicBlock(channels, width, stride, shortcut)
