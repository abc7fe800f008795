"""Against torchvision's reference recipe and timm's loader and step, on the same JPEGs, each in turn."""

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.contender import CONTENDERS
from benchmarks.jpegs import draw_folder
from engine.training.precision import resolve_precision

TITLE = "Contenders: ResNet-18, batch 32, JPEGs of 512 px, a whole training with its evaluations"
ROUNDS = 5
SIDE_PX = 512
SIZES = ((64, 640, 160, 4), (224, 192, 64, 2))
"""Input size in px, train and test images, epochs."""


def measure() -> Iterator[str]:
    names = [name for name in CONTENDERS if name != "timm" or importlib.util.find_spec("timm")]
    if len(names) < len(CONTENDERS):
        yield "- timm is not installed and was left out: pip install timm"
    for size_px, train, test, epochs in SIZES:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            draw_folder(folder, train=train, test=test, side_px=SIDE_PX)
            for precision in sorted({"fp32", resolve_precision("auto", torch.device("cpu"))}):
                yield from _rounds(names, folder, size_px, epochs, precision, train * epochs)


def _rounds(
    names: list[str], folder: Path, size_px: int, epochs: int, precision: str, images: int
) -> Iterator[str]:
    """A line for each contender: seconds, accuracy, and how many times quicker ours was in the same round."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for seed in range(ROUNDS):
        order = names if seed % 2 == 0 else names[::-1]  # no contender always runs on a warm machine
        for name in order:
            found[name].append(_run(name, folder, size_px, epochs, precision, seed))
    for name in names:
        seconds = [run["seconds"] for run in found[name]]
        accuracy = statistics.mean(run["test_acc"] for run in found[name])
        line = f"- {size_px} px, {precision}: {name} {_spread(seconds, 1)} s, "
        line += f"{images / statistics.median(seconds):.0f} images/s, test accuracy {accuracy:.3f}"
        if name != "ours":
            pairs = list(zip(found[name], found["ours"], strict=True))
            first = [theirs["seconds"] / mine["seconds"] for theirs, mine in pairs]
            later = [theirs["seconds"] / mine["later_s"] for theirs, mine in pairs]
            line += f"; ours is {_spread(first, 2)} times as fast, packing counted in, and {_spread(later, 2)} later"
        yield f"{line} (n = {ROUNDS})"


def _run(name: str, folder: Path, size_px: int, epochs: int, precision: str, seed: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.contender", name, str(folder), "--size", str(size_px)]
    command += ["--epochs", str(epochs), "--precision", precision, "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _spread(values: list[float], digits: int) -> str:
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"
