"""Images that cannot be read, and images that are missing."""

from pathlib import Path

import numpy as np
import pytest
from packed_images import PLAIN, packed
from pictures import draw
from sessions import context

from engine.datasets.index import Index
from engine.datasets.layouts import DataError
from engine.datasets.packed import BadImages, pack, skip
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.training.prepared_data import prepare_data


def spoil(index: Index, *rows: int, cut: bool = False) -> None:
    """Make images unreadable: no image at all, or `cut` off in the middle."""
    assert index.root is not None
    for row in rows:
        path = index.root / index.names[row]
        path.write_bytes(path.read_bytes()[:300] if cut else b"no image")


def test_a_bad_image_fails_with_all_that_are_seen_at_once(tmp_path: Path, index: Index) -> None:
    spoil(index, 17, 20, 40)
    with pytest.raises(BadImages) as caught:
        packed(index, tmp_path / "cache")
    text = str(caught.value)
    assert text.startswith(
        f"image {index.root}/class1/002.png cannot be read "
        "(no image format that is known: its first bytes are those of text), "
    )
    assert text.endswith(
        "nor can 2 more be read: replace them, take their rows out, or skip with on_bad skip"
    )
    assert list(caught.value.bad) == ["class1/002.png", "class1/005.png", "class2/010.png"]
    spoil(index, 1, cut=True)
    with pytest.raises(
        BadImages, match=r"class0/001.png cannot be read \(the file is cut off\), nor can 3 more"
    ):
        packed(index, tmp_path / "cache")


def test_one_bad_image_and_missing_ones(tmp_path: Path, index: Index) -> None:
    spoil(index, 30)
    with pytest.raises(BadImages, match="text\\): replace it, take its row out, or skip with on_bad skip$"):
        packed(index, tmp_path / "cache")
    assert index.root is not None
    for row in (5, 44):
        (index.root / index.names[row]).unlink()
    with pytest.raises(BadImages, match=r"class0/005.png is missing, nor can 1 more be read: replace them"):
        packed(index, tmp_path / "cache")


def test_bad_images_are_skipped_and_known(tmp_path: Path, index: Index) -> None:
    whole, _ = packed(index, tmp_path / "other")
    spoil(index, 3, 20)
    spoil(index, 44, cut=True)
    assert index.root is not None
    (index.root / index.names[7]).unlink()
    for _ in range(2):  # the second time from the finished map
        made = pack(index, tmp_path / "cache", PLAIN, on_bad="skip")
        assert sorted(made.bad) == [3, 7, 20, 44] and made.bad[7].endswith("class0/007.png is missing")
        good = [row for row in range(45) if row not in made.bad]
        assert np.array_equal(made.images[good], whole[good]) and not made.images[list(made.bad)].any()
    draw(index.root / index.names[7], 0, 7)
    pack(index, tmp_path / "cache", PLAIN, on_bad="skip")
    with pytest.raises(BadImages, match="class0/003.png cannot be read .*nor can 2 more"):
        packed(index, tmp_path / "cache")


def test_an_index_without_its_bad_rows(index: Index) -> None:
    assert skip(index, {}) is index
    less = skip(index, {0: "x", 20: "y"})
    assert less.names == index.names and less.labels == index.labels
    kept = [row for row in range(45) if row not in (0, 20)]
    assert [less.splits[row] for row in kept] == [index.splits[row] for row in kept]
    assert sum(sum(less.counts(split)) for split in ("train", "test")) == 43
    prints = {index.fingerprint, less.fingerprint, skip(index, {0: "x"}).fingerprint}
    assert len(prints) == 3 and skip(index, {20: "other", 0: "why"}).fingerprint == less.fingerprint
    with pytest.raises(DataError, match="no test image can be read, the first is boom"):
        skip(index, dict.fromkeys(index.rows_of("test"), "boom"))


def test_skipped_images_are_listed_and_no_longer_counted(tmp_path: Path, index: Index) -> None:
    spoil(index, 3, 20)
    home, said = Home.find(tmp_path, cache=tmp_path / "elsewhere" / "cache"), list[str]()
    listed = home.run(1).bad_images
    listed.parent.mkdir(parents=True)
    small = {"data": "data", "image_size": 16, "batch_size": 8}
    with pytest.raises(BadImages):
        prepare_data(context(make_spec(small), home, log=said.append))
    assert len(listed.read_text().splitlines()) == 2
    data = prepare_data(
        context(make_spec({**small, "on_bad": "skip", "augment": "flip4+crop"}), home, log=said.append)
    )
    assert len(data.train_rows) + len(data.test_rows) == 43
    assert not {3, 20} & {*data.train_rows.tolist(), *data.test_rows.tolist()}
    assert [line.split(" cannot")[0] for line in listed.read_text().splitlines()] == [
        f"image {index.root}/class0/003.png", f"image {index.root}/class1/005.png"
    ]  # fmt: skip
    assert any("skipped 2 of 45 images that cannot be read: see bad_images.txt" in line for line in said)
    views = 4 * len(data.train_rows)
    assert data.steps_per_epoch == -(-views // 8) == len(list(data.batches.train(data.train_rows, epoch=1)))
    assert f"flip4+crop: 4 passes an epoch, {views:,} views of {len(data.train_rows)} training images" in said
    assert sorted(path.suffix for path in home.cache.iterdir() if path.suffix == ".u8") == [".u8"]
    assert not (tmp_path / "cache").exists()
    for row in (3, 20):
        draw(tmp_path / "data" / index.names[row], 0, row)
    prepare_data(context(make_spec(small), home, log=said.append))
    assert not listed.exists()
