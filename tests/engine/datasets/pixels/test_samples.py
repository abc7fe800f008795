"""A cache is used for the images that it was made of, wherever they lie, and for no others."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.datasets.index import Index
from engine.datasets.indexing import survey_folder
from engine.datasets.packed import pack
from engine.datasets.pixels import samples
from engine.datasets.pixels.content import image_hashes, known_hashes
from engine.datasets.pixels.decode import Look
from engine.datasets.read_options import ReadOptions

LOOK = Look(16, "crop", "none")


def bitmaps(root: Path, seed: int) -> Path:
    """Two classes of images that all have one size, and the time of an archive that keeps none."""
    chance = np.random.default_rng(seed)
    for name in (f"{folder}/{number}.bmp" for folder in "ab" for number in range(6)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(root / name)
        os.utime(root / name, (0, 0))
    return root


def index_of(root: Path) -> Index:
    return survey_folder(root, ReadOptions()).checked()


def packed(root: Path, cache: Path) -> tuple[np.ndarray, bool]:
    """The map, and whether images were decoded for it."""
    told: list[int] = []
    made = pack(index_of(root), cache, LOOK, progress=lambda done, _total: told.append(done))
    return made.images, bool(told)


def pixels(root: Path) -> np.ndarray:
    return np.stack([np.asarray(Image.open(root / name)) for name in index_of(root).names])


def test_files_of_the_same_names_sizes_and_times_are_told_apart(tmp_path: Path) -> None:
    for name, seed in (("v1", 0), ("v2", 1)):
        images, is_new = packed(bitmaps(tmp_path / name, seed), tmp_path / "cache")
        assert is_new and np.array_equal(images, pixels(tmp_path / name))
    one, two = (
        image_hashes(index_of(tmp_path / name), tmp_path / "cache", lambda _text: None)
        for name in ("v1", "v2")
    )
    assert not np.isin(one, two).any()


def test_a_folder_that_was_moved_or_copied_is_not_packed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, _ = packed(bitmaps(tmp_path / "home" / "data", 0), tmp_path / "home" / "cache")
    image_hashes(index_of(tmp_path / "home" / "data"), tmp_path / "home" / "cache", lambda _text: None)
    read: list[Path] = []
    sample = samples._sample
    monkeypatch.setattr(samples, "_sample", lambda file: read.append(file) or sample(file))
    (tmp_path / "home").rename(tmp_path / "moved")
    again, is_new = packed(tmp_path / "moved" / "data", tmp_path / "moved" / "cache")
    assert not is_new and np.array_equal(again, images) and not read, "nothing is read at all"
    shutil.copytree(tmp_path / "moved", tmp_path / "copied")
    assert known_hashes(index_of(tmp_path / "copied" / "data"), tmp_path / "copied" / "cache") is None
    again, is_new = packed(tmp_path / "copied" / "data", tmp_path / "copied" / "cache")
    assert not is_new and np.array_equal(again, images) and len(read) == 12, "each is read once"
    assert known_hashes(index_of(tmp_path / "copied" / "data"), tmp_path / "copied" / "cache") is not None


def test_a_file_that_is_changed_in_place_and_dated_back_is_seen(tmp_path: Path) -> None:
    packed(bitmaps(tmp_path / "data", 0), tmp_path / "cache")
    changed = tmp_path / "data" / "b" / "3.bmp"
    Image.new("RGB", (16, 16), (9, 9, 9)).save(changed)
    os.utime(changed, (0, 0))
    images, is_new = packed(tmp_path / "data", tmp_path / "cache")
    assert is_new and np.array_equal(images, pixels(tmp_path / "data"))


def test_other_labels_for_the_same_images_pack_nothing(tmp_path: Path) -> None:
    bitmaps(tmp_path / "im", 0)
    rows = [f"{folder}/{number}.bmp" for folder in "ab" for number in range(6)]
    for labels, is_first in (("01", True), ("10", False)):
        table = [f"{name},{labels[row % 2]}\n" for row, name in enumerate(rows)]
        (tmp_path / "l.csv").write_text("image,label\n" + "".join(table))
        assert packed(tmp_path / "l.csv", tmp_path / "cache")[1] == is_first


def test_a_run_looks_at_each_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a network disk each look is a round trip."""
    cache, root = tmp_path / "cache", bitmaps(tmp_path / "data", 0)
    images, _ = packed(root, cache)
    image_hashes(index_of(root), cache, lambda _text: None)
    index = index_of(root)
    looked: list[str] = []
    stamp = samples._stamp
    monkeypatch.setattr(samples, "_stamp", lambda file: looked.append(file) or stamp(file))
    again = pack(index, cache, LOOK)
    hashes = image_hashes(index, cache, lambda _text: None, again.stamps)
    assert np.array_equal(again.images, images) and hashes.all()
    assert sorted(looked) == [str(root / name) for name in sorted(index.names)]
