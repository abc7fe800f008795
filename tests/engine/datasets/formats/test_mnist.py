"""IDX files as MNIST's: what is read, and what is refused."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.datasets.formats.problems import DataError
from engine.datasets.layouts import recognise
from engine.datasets.pixels.open_image import open_image

IMAGES = {
    "train": np.arange(5 * 6 * 4, dtype=np.uint8).reshape(5, 6, 4),
    "t10k": np.full((2, 6, 4), 9, np.uint8),
}
LABELS = {"train": [3, 1, 1, 0, 3], "t10k": [0, 3]}


def idx(array: np.ndarray) -> bytes:
    return (
        struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
    )


def zipped_bytes(content: bytes) -> bytes:
    """Compress without the time of day, so that each test process names the same tests."""
    return gzip.compress(content, mtime=0)


def write(folder: Path, *, zipped: bool = True, stem: str = "", dash: str = "-") -> Path:
    folder.mkdir(exist_ok=True)
    for part in IMAGES:
        for what, array in (("images-idx3", IMAGES[part]), ("labels-idx1", np.array(LABELS[part]))):
            name = f"{stem}{part}-{what.replace('-', dash)}-ubyte"
            content = idx(array)
            (folder / f"{name}{'.gz' * zipped}").write_bytes(zipped_bytes(content) if zipped else content)
    return folder


@pytest.mark.parametrize(
    ("zipped", "stem", "dash"), [(True, "", "-"), (False, "", "."), (True, "emnist-letters-", "-")]
)
def test_images_labels_and_splits_are_read(tmp_path: Path, zipped: bool, stem: str, dash: str) -> None:
    layout = recognise(write(tmp_path / "d", zipped=zipped, stem=stem, dash=dash))
    assert (layout.kind, layout.problems) == ("IDX files", ())
    assert [(row.label, row.split) for row in layout.rows] == [
        *((str(label), "train") for label in LABELS["train"]), ("0", "test"), ("3", "test"),
    ]  # fmt: skip
    assert (np.asarray(open_image(layout.root, layout.rows[1].file)) == IMAGES["train"][1]).all()
    assert (np.asarray(open_image(layout.root, layout.rows[6].file)) == 9).all()
    with pytest.raises(FileNotFoundError):
        open_image(layout.root, layout.rows[0].file.replace("#train/0", "#train/5"))


def test_a_file_beside_its_gz_is_read_once_and_a_folder_around_is_looked_through(tmp_path: Path) -> None:
    """As torchvision leaves them: FashionMNIST/raw."""
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.parent.mkdir()
    write(write(raw), zipped=False)
    layout = recognise(tmp_path)
    assert len(layout.rows) == 7 and "gz" not in layout.rows[0].file


def test_one_of_the_files_names_its_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "d")
    with pytest.raises(DataError, match=f"one of a pair of IDX files: give their folder {folder}"):
        recognise(folder / "train-images-idx3-ubyte.gz")


def test_sets_that_share_a_folder_are_refused(tmp_path: Path) -> None:
    write(write(tmp_path / "d", stem="emnist-letters-"), stem="emnist-balanced-")
    with pytest.raises(DataError, match=r"several data sets \(emnist-balanced, emnist-letters\)"):
        recognise(tmp_path / "d")


TRAIN, TRAIN_LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
HEADER = struct.pack(">IIII", 0x803, 5, 6, 4)
WHOLE = idx(IMAGES["train"])
ZIPPED = zipped_bytes(WHOLE)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (TRAIN, b"", "is no IDX file of images"),
        (TRAIN, zipped_bytes(WHOLE[:10]), "is no IDX file of images"),
        (TRAIN, zipped_bytes(b"\x00\x00\x08\x01" + WHOLE[4:]), "its first bytes are 00 00 08 01"),
        (TRAIN, zipped_bytes(b"\x00\x00\x0d\x03" + WHOLE[4:]), "its first bytes are 00 00 0d 03"),
        (TRAIN, zipped_bytes(struct.pack(">IIII", 0x803, 0, 28, 28)), r"is empty: its header says 0×28×28"),
        (TRAIN, zipped_bytes(struct.pack(">IIII", 0x803, *[0xFFFFFFFF] * 3)), "cannot hold the 4294967295×"),
        (
            TRAIN,
            struct.pack(">IIII", 0x803, 60_000, 28, 28),
            "which cannot hold the 60000×28×28 of its header",
        ),
        (TRAIN_LABELS, zipped_bytes(WHOLE), "is no IDX file of labels"),
        (TRAIN_LABELS, zipped_bytes(idx(np.arange(4))), "has 5 images and .* 4 labels: they must pair up"),
        (TRAIN_LABELS, zipped_bytes(idx(np.arange(5))[:-1]), "holds 4 bytes of data, and its header says 5"),
        (TRAIN_LABELS, zipped_bytes(idx(np.arange(5)) + b"x"), "holds more bytes of data"),
        (TRAIN_LABELS, zipped_bytes(idx(np.arange(5)))[:-9], "cannot be read"),
        (TRAIN_LABELS, zipped_bytes(idx(np.arange(5)))[:-1] + b"\1", "cannot be read"),
    ],
)
def test_a_broken_file_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    folder = write(tmp_path / "d")
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=why):
        recognise(folder)


@pytest.mark.parametrize("content", [ZIPPED[:-20], zipped_bytes(WHOLE[:-1]), zipped_bytes(WHOLE + b"x")])
def test_images_that_end_early_or_late_are_refused_when_they_are_read(tmp_path: Path, content: bytes) -> None:
    folder = write(tmp_path / "d")
    (folder / TRAIN).write_bytes(content)
    layout = recognise(folder)
    with pytest.raises(DataError, match="download it again"):
        open_image(folder, layout.rows[0].file)


def test_a_bomb_is_never_unpacked(tmp_path: Path) -> None:
    """100 MB of zeros behind a header of 120 bytes: no more than these and one are read."""
    folder = write(tmp_path / "d")
    (folder / TRAIN).write_bytes(zipped_bytes(HEADER + bytes(100_000_000)))
    with pytest.raises(DataError, match="holds more bytes of data, and its header says 120"):
        open_image(folder, recognise(folder).rows[0].file)


@pytest.mark.parametrize("missing", [TRAIN, TRAIN_LABELS, "t10k-images-idx3-ubyte.gz"])
def test_half_a_pair_is_refused(tmp_path: Path, missing: str) -> None:
    folder = write(tmp_path / "d")
    (folder / missing).unlink()
    with pytest.raises(DataError, match=r"as an IDX file: add them"):
        recognise(folder)
