"""Packing's decoder against Pillow's plain decode and resize, on one thread, each in turn on the same JPEGs."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.jpegs import draw_folder
from engine.datasets.pixels.decode import Look, decode

TITLE = "Packing: JPEGs of 512 px, images a second of processor time on one core"
IMAGES, ROUNDS = 48, 9
SIZES = (64, 224, 256, 258)
"""258: the map of 224 px with the margin of rotate and crop."""


def measure() -> Iterator[str]:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        draw_folder(Path(place), train=IMAGES, test=0, side_px=512)
        paths = sorted(Path(place).rglob("*.jpeg"))
        for size_px in SIZES:
            yield from _size(paths, size_px)


def _size(paths: list[Path], size_px: int) -> Iterator[str]:
    look = Look(size_px, "crop", "none")
    contenders: dict[str, Callable[[Path], np.ndarray]] = {
        "bilinear": lambda path: _plain(path, size_px, Image.Resampling.BILINEAR),
        "bicubic": lambda path: _plain(path, size_px, Image.Resampling.BICUBIC),
        "ours": lambda path: decode(path.parent, path.name, look),
    }
    pace: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(ROUNDS):
        for name in sorted(contenders, reverse=turn % 2 == 1):
            began = time.thread_time()
            for path in paths:
                contenders[name](path)
            pace[name].append(len(paths) / (time.thread_time() - began))
    ours = pace["ours"]
    line = f"- {size_px} px: ours {statistics.median(ours):,.0f}/s"
    for name in ("bicubic", "bilinear"):
        ratios = [mine / theirs for mine, theirs in zip(ours, pace[name], strict=True)]
        line += f"; {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) times Pillow's {name} "
        line += f"({statistics.median(pace[name]):,.0f}/s)"
    yield f"{line} (n = {ROUNDS})"


def _plain(path: Path, size_px: int, how: Image.Resampling) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((size_px, size_px), how))
