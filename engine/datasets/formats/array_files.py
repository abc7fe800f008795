"""Files that hold many images each: which kind one is, and its images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.datasets.formats.idx import forget_idx_images, idx_images, idx_length
from engine.datasets.formats.npz import forget_npz_images, npz_images, npz_lengths

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def array_images(path: Path, split: str) -> NDArray[np.uint8]:
    """Return the images of a split, N×height×width(×3); an IDX file holds a single one. Raises DataError, and KeyError
    for a split that the file does not have."""
    return npz_images(path, split) if _is_npz(path) else idx_images(path)


def forget_array_images() -> None:
    """Let go of the images that `array_images` keeps in memory for its next call: whole splits."""
    forget_idx_images()
    forget_npz_images()


def array_length(path: Path, split: str) -> int:
    """Count the images of a split without reading them; 0 where the file does not have it. Raises DataError."""
    return npz_lengths(path).get(split, 0) if _is_npz(path) else idx_length(path)


def _is_npz(path: Path) -> bool:
    return path.suffix == ".npz"
