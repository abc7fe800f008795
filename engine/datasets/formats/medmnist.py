"""Layout of MedMNIST: one .npz whose splits are ours."""

from pathlib import Path

from engine.datasets.formats.labels.grades import LabelSource
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.npz import npz_labels
from engine.datasets.formats.rows import Row

GRADED = "retinamnist"
"""Beginning of the name of the only file whose labels are grades."""


def read_medmnist(path: Path) -> Layout:
    """Read labels and splits; an image is named `retinamnist.npz#test/17`. Raises DataError."""
    rows = [
        Row(f"{path.name}#{split}/{number}", label, split)
        for split, labels in npz_labels(path).items()
        for number, label in enumerate(labels)
    ]
    splits = ", ".join(dict.fromkeys(row.split or "" for row in rows))
    return Layout(
        f"MedMNIST {path.name}",
        f"{path} holds images and labels of {splits}",
        path.parent,
        tuple(rows),
        label_source=LabelSource(path.name, path.name.lower().startswith(GRADED), is_plural=False),
    )
