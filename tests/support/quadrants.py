"""A drawn data set whose class shows in the upper left quadrant alone, and a small network of a user's own for it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sessions import Memory, context

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.training.session import Session

SIZE_PX = 32
PLUGIN = """
from torch import nn


class Stripes(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 5, padding=2, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.top = nn.Linear(16, num_classes)

    def forward(self, x):
        return self.top(self.pool(self.body(x)).flatten(1))


def stripes(num_classes):
    print("a word that must not reach an answer")
    return Stripes(num_classes)
"""


def quadrant_image(label: int, number: int) -> NDArray[np.uint8]:
    """Noise; in its upper left quadrant horizontal stripes for class 0, vertical ones for class 1."""
    half = SIZE_PX // 2
    pixels = np.random.default_rng(number).integers(0, 120, (SIZE_PX, SIZE_PX, 3))
    stripes = np.broadcast_to((np.arange(half) // 2 % 2 * 130)[:, None], (half, half))
    pixels[:half, :half] += (stripes.T if label else stripes)[..., None]
    return pixels.astype(np.uint8)


def trained_on_quadrants(
    root: Path, *, loss: str = "ce", epochs: int = 4, each: int = 48
) -> tuple[Home, RunSpec]:
    """Train run 1 of a new home for seconds."""
    for label in range(2):
        for number in range(each):
            path = root / "data" / f"class{label}" / f"{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(quadrant_image(label, 1000 * label + number)).save(path)
    (root / "stripes.py").write_text(PLUGIN)
    home = Home.find(root, cache=root / "cache")
    ordered = {"ordered": "on", "class_names": "class0,class1"} if loss == "mse-ordinal" else {}
    spec = make_spec(
        {
            "data": "data", "arch": "stripes.py:stripes", "image_size": SIZE_PX, "batch_size": 8, "epochs": epochs,
            "lr": 0.02, "threads": 1, "augment": "none", "loss": loss, **ordered,
        }
    )  # fmt: skip
    assert Session(context(spec, home)).train(Memory(), lambda: False)
    return home, spec
