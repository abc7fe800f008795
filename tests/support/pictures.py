"""Small data sets drawn into folders, in the layouts that users bring."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def draw(path: Path, label: int, number: int, size_px: int = 16) -> None:
    """A noisy grey square whose left part is as bright as its label says: easy to learn."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number).integers(0, 40, (size_px, size_px, 3))
    noise[:, : size_px // 2] += 60 * label
    Image.fromarray(noise.astype(np.uint8)).save(path)


def touch(folder: Path, *names: str) -> None:
    """Image files that nobody opens."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def class_folders(root: Path, *, classes: int = 3, each: int = 12) -> Path:
    for label in range(classes):
        for number in range(each):
            draw(root / f"class{label}" / f"{number:03}.png", label, 100 * label + number)
    return root


def lab_csvs(
    root: Path,
    train: Sequence[int] = (0, 1, 0, 2, 0, 1),
    test: Sequence[int] = (0, 0, 1, 2),
    *,
    both_eyes: bool = False,
) -> Path:
    """The lab's four headerless CSVs with images in a subfolder; the arguments are the labels. With `both_eyes`
    two images each are of one patient."""
    for split, labels in (("train", train), ("test", test)):
        numbers = range(len(labels))
        names = [f"{split}{number}_left" for number in numbers]
        if both_eyes:
            names = [f"{split}{number // 2}_{('left', 'right')[number % 2]}" for number in numbers]
        for number, (name, label) in enumerate(zip(names, labels, strict=True)):
            draw(root / "images" / f"{name}.jpeg", label, number + 1000 * (split == "test"))
        write_column(root / f"{split}_img.csv", names)
        write_column(root / f"{split}_label.csv", [str(label) for label in labels])
    return root


def write_column(path: Path, cells: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([cell] for cell in cells)
