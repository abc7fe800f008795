"""Packing a small folder of images."""

from pathlib import Path
from typing import Any

import numpy as np

from engine.datasets.index import Index
from engine.datasets.packed import pack
from engine.datasets.pixels.decode import Look

PLAIN = Look(16, "crop", "none")


def packed(index: Index, cache: Path, look: Look = PLAIN, **options: Any) -> tuple[np.ndarray, list[int]]:
    """The map and the progress that was told: empty where nothing had to be done."""
    told: list[int] = []
    made = pack(index, cache, look, progress=lambda done, _total: told.append(done), **options)
    return made.images, told
