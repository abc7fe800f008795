"""Layout of MNIST and its kin: pairs of IDX files, `train-images-idx3-ubyte.gz` and `train-labels-idx1-ubyte.gz`."""

from collections.abc import Collection
from pathlib import Path

from engine.datasets.formats.idx import idx_labels, idx_length
from engine.datasets.formats.labels.grades import LabelSource
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.names.idx_names import IDX
from engine.datasets.formats.problems import DataError
from engine.datasets.formats.rows import Row
from engine.datasets.formats.split_names import SPLITS

SPLIT_OF = {"train": "train", "t10k": "test", "test": "test", "val": "val"}


def read_mnist(folder: Path, names: Collection[str]) -> Layout | None:
    """Read labels and splits; an image is named `t10k-images-idx3-ubyte.gz#test/17`. None without IDX files.

    Raises DataError where one of a pair is missing, where several sets lie in one folder, and where numbers differ."""
    found = [match for name in sorted(names) if (match := IDX.fullmatch(name))]
    if not found:
        return None
    sets = sorted({match["set"].lower() for match in found})
    if len(sets) > 1:
        told = ", ".join(name.strip("-_.") or "one without a name" for name in sets)
        raise DataError(
            f"{folder} holds the IDX files of several data sets ({told}): give each a folder of its own"
        )
    files: dict[tuple[str, str], str] = {}
    for match in found:  # in order of names: of a file and its .gz the file is taken
        files.setdefault((SPLIT_OF[match["split"].lower()], match["what"].lower()), match[0])
    rows = []
    for split in SPLITS:
        images, labels = files.get((split, "images")), files.get((split, "labels"))
        if images and labels:
            rows += _rows(folder, split, images, labels)
        elif images or labels:
            there, lacking = (images, "labels") if images else (labels, "images")
            raise DataError(f"{folder} has {there} but no {lacking} of {split} as an IDX file: add them")
    splits = ", ".join(dict.fromkeys(row.split or "" for row in rows))
    return Layout(
        "IDX files",
        f"{folder} holds images and labels of {splits} as IDX files",
        folder,
        tuple(rows),
        label_source=LabelSource("the IDX files"),
    )


def _rows(folder: Path, split: str, images: str, labels: str) -> list[Row]:
    try:
        count, found = idx_length(folder / images), idx_labels(folder / labels)
    except FileNotFoundError as missing:
        raise DataError(f"{missing.filename} is missing: add it") from None
    if count != len(found):
        raise DataError(
            f"{folder / images} has {count:,} images and {labels} {len(found):,} labels: they must pair up"
        )
    return [Row(f"{images}#{split}/{number}", str(label), split) for number, label in enumerate(found)]
