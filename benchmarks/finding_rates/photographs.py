"""Fashion-MNIST: real photographs, from Debian's package."""

import gzip
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PACKAGE = "dataset-fashion-mnist"
FOLDER = Path("usr/share/datasets/fashion-mnist")
PARTS = ("train", "t10k")


def fetch(out: Path) -> Path:
    """Return the folder of the four IDX files; fetch the package into `out` and unpack it where it is not there."""
    system, own = Path("/") / FOLDER, out / "package" / FOLDER
    if system.is_dir():
        return system
    if not own.is_dir():
        subprocess.run(["apt-get", "download", PACKAGE], cwd=out, check=True)
        subprocess.run(["dpkg", "-x", next(out.glob(f"{PACKAGE}*.deb")), out / "package"], check=True)
    return own


def photographs(out: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return all 70,000 photographs, 28 px and grey, and their labels."""
    folder = fetch(out)
    images = [_idx(folder / f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28) for part in PARTS]
    labels = [_idx(folder / f"{part}-labels-idx1-ubyte.gz", 8) for part in PARTS]
    return np.concatenate(images), np.concatenate(labels).astype(np.int64)


def _idx(path: Path, header: int) -> NDArray[np.uint8]:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)
