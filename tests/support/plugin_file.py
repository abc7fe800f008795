"""A user's file with networks of its own, good and bad."""

from pathlib import Path

NAME = "model.py"
TEXT = '''
import sys

import torch
import torchvision
from torch import nn

print("loading, which must not reach a JSON document")


class Small(nn.Module):
    """A convolution, dropout inside, and a head that is not called fc."""

    def __init__(self, num_classes):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout2d(0.5))
        self.top = nn.ModuleDict({"pre": nn.Linear(8, 8), "out": nn.Linear(8, num_classes)})

    def forward(self, x):
        return self.top["out"](torch.relu(self.top["pre"](self.body(x).mean((2, 3)))))


def small(num_classes):
    return Small(num_classes)


def frozen(num_classes):
    model = Small(num_classes)
    model.top["pre"].requires_grad_(False)
    return model


def mobilenet(num_classes):
    return torchvision.models.mobilenet_v3_small(weights=None, num_classes=num_classes)


def efficientnet(num_classes):
    return torchvision.models.efficientnet_b0(weights=None, num_classes=num_classes)


def vit(num_classes):
    return torchvision.models.vit_b_16(weights=None, image_size=32, num_classes=num_classes)


def googlenet(num_classes):
    return torchvision.models.googlenet(weights=None, num_classes=num_classes, init_weights=False)


def raises(num_classes):
    raise ValueError("a bad\\nday")


def leaves(num_classes):
    sys.exit("gone")


def text(num_classes):
    return "a network"


def headless(num_classes):
    return nn.Sequential(nn.Conv2d(3, num_classes, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def thousand(num_classes):
    return torchvision.models.mobilenet_v3_small(weights=None)


def probabilities(num_classes):
    return nn.Sequential(Small(num_classes), nn.Softmax(1))


def large(num_classes):
    return nn.Sequential(nn.Conv2d(3, 4, 200), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, num_classes))
'''


def write_plugin(folder: Path, text: str = TEXT) -> Path:
    path = folder / NAME
    path.write_text(text)
    return path
