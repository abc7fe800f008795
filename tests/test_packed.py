"""Decoding images of every kind once, and noticing when they change."""

import os
from pathlib import Path

import numpy as np
import pytest
from pictures import class_folders, draw
from PIL import Image

from engine.datasets.decode import decode, square
from engine.datasets.index import Index, index_folder
from engine.datasets.layouts import DataError
from engine.datasets.packed import pack


def packed(
    index: Index, cache: Path, *, size_px: int = 16, fit: str = "crop"
) -> tuple[np.ndarray, list[int]]:
    """The map and the progress that was told: empty where nothing had to be done."""
    told: list[int] = []
    return pack(index, cache, size_px=size_px, fit=fit, progress=lambda done, _total: told.append(done)), told


def test_packs_once_in_the_indexes_order(tmp_path: Path) -> None:
    index = index_folder(class_folders(tmp_path / "data", each=5), test_fraction=0.2)
    images, told = packed(index, tmp_path / "cache")
    assert told == [15] and images.shape == (15, 16, 16, 3) and images.dtype == np.uint8
    for row in (0, 7, 14):
        assert index.root is not None
        assert np.array_equal(images[row], np.asarray(Image.open(index.root / index.names[row])))
    again, told = packed(index, tmp_path / "cache")
    assert told == [] and np.array_equal(again, images)
    assert packed(index, tmp_path / "cache", size_px=32)[1] == [15]
    assert packed(index, tmp_path / "cache", fit="pad")[1] == [15]


def test_a_changed_file_and_a_cut_cache_are_packed_anew(tmp_path: Path) -> None:
    index = index_folder(class_folders(tmp_path / "data", each=5), test_fraction=0.2)
    packed(index, tmp_path / "cache")
    cache = next((tmp_path / "cache").glob("*.u8"))
    os.truncate(cache, 100)
    assert packed(index, tmp_path / "cache")[1] == [15]
    draw(tmp_path / "data" / "class0" / "000.png", 3, 999, size_px=20)
    assert packed(index, tmp_path / "cache")[1] == [15]


def test_a_broken_image_is_named_and_nothing_half_written_stays(tmp_path: Path) -> None:
    index = index_folder(class_folders(tmp_path / "data", each=5), test_fraction=0.2)
    broken = tmp_path / "data" / "class1" / "002.png"
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(DataError, match=r"image .*class1/002.png cannot be read .*: replace it"):
        packed(index, tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]
    broken.unlink()
    with pytest.raises(DataError, match="class1/002.png is missing"):
        packed(index, tmp_path / "cache")


def save(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def test_every_mode_becomes_rgb(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 32, dtype=np.uint8)[None].repeat(32, 0)
    grey = Image.fromarray(ramp)
    wanted = np.asarray(grey.convert("RGB")).astype(int)
    deep = Image.fromarray(ramp.astype(np.uint16) * 257)
    clear = Image.merge("LA", (grey, Image.new("L", (32, 32), 255)))
    for name, image in {"L": grey, "16": deep, "P": grey.convert("P"), "LA": clear}.items():
        found = decode(save(tmp_path / f"{name}.png", image), 32, "stretch").astype(int)
        assert found.shape == (32, 32, 3) and np.abs(found - wanted).max() <= 1, name
    ink = decode(save(tmp_path / "cmyk.jpg", grey.convert("RGB").convert("CMYK"), quality=95), 32, "stretch")
    assert np.abs(ink.astype(int) - wanted).mean() < 8
    see_through = Image.new("RGBA", (32, 32), (255, 255, 255, 0))
    assert decode(save(tmp_path / "clear.png", see_through), 32, "crop").max() == 0


def test_a_camera_turned_on_its_side_is_turned_back(tmp_path: Path) -> None:
    picture = np.zeros((32, 32, 3), dtype=np.uint8)
    picture[:8] = 255  # a bright top
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned left: shown after a turn to the right
    path = save(tmp_path / "turned.jpg", Image.fromarray(picture), exif=exif, quality=95)
    found = decode(path, 32, "stretch")
    assert found[:, -6:].min() > 200 and found[:, :20].max() < 60


def test_crop_and_pad_keep_the_aspect() -> None:
    wide = Image.new("RGB", (64, 32), (0, 0, 0))
    wide.paste((255, 255, 255), (16, 0, 48, 32))
    assert square(wide, 16, "crop").min() > 230
    padded = square(wide, 16, "pad")
    assert padded[:4].max() == 0 and padded[5:11, 5:11].min() == 255
    stretched = square(wide, 16, "stretch")
    assert stretched[0, 0].max() == 0 and stretched[0, 8].min() == 255
