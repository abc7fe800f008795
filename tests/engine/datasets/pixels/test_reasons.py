"""Reasons for which images cannot be read: what a file is by its first bytes, and never Pillow's own words."""

import random
from pathlib import Path

import pytest
from metadata import with_metadata

from engine.datasets.pixels.read_image import read_image
from engine.datasets.pixels.reasons import (
    CUT,
    DAMAGED,
    HEADER,
    MEMORY,
    NO_FORMAT,
    VARIANT,
    UnreadableImage,
)

pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\.")


def read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    read_image(path.parent, path.name, lambda size: size)


NO_IMAGE = "no image format that is known: its first bytes are those of "


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<!DOCTYPE html><html><body>404", NO_IMAGE + "an HTML page"),
        (b"\n\n  <HTML>", NO_IMAGE + "an HTML page"),
        (b'{"error": 404}', NO_IMAGE + "JSON text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", NO_IMAGE + "a Git LFS pointer"),
        (b"PK\x03\x04" + bytes(60), NO_IMAGE + "a zip archive"),
        (b"%PDF-1.4\n", NO_IMAGE + "a PDF file"),
        (b"\x1f\x8b\x08" + bytes(60), NO_IMAGE + "a gzip archive"),
        (b"\0\0\0\x18ftypheic" + bytes(60), NO_IMAGE + "a HEIC image"),
        (bytes(128) + b"DICM" + bytes(60), NO_IMAGE + "a DICOM file"),
        (b"<?xml version='1.0'?><svg xmlns=''/>", NO_IMAGE + "an SVG drawing"),
        (bytes(5000), NO_IMAGE + "nothing but zero bytes"),
        ("Größe\n".encode(), NO_IMAGE + "text"),
        (b"", "no image format that is known: it is empty"),
        (b"\x07\x91\xfe" * 50, "no image format that is known"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "the file is cut off"),
        (b"\x89PNG\r\n\x1a\n\0\0", "its header is damaged or cut off"),
    ],
)
def test_what_is_no_image_is_named_by_its_first_bytes(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(UnreadableImage) as refused:
        read(tmp_path / "a.jpg", content)
    assert str(refused.value) == says


def test_reasons_are_in_our_words(tmp_path: Path) -> None:
    """Whatever Pillow says of files that are damaged anywhere."""
    dice = random.Random(3)
    ours = {HEADER, NO_FORMAT, CUT, VARIANT, DAMAGED, MEMORY}
    for name, content in with_metadata().items():
        for _ in range(80):
            damaged = bytearray(content[: dice.choice((len(content), dice.randrange(len(content))))])
            for _ in range(dice.choice((0, 1, 9, 99))):
                damaged[dice.randrange(min(len(damaged), 400))] = dice.randrange(256) if damaged else 0
            try:
                read(tmp_path / name, bytes(damaged))
            except UnreadableImage as error:
                assert str(error) in ours or str(error).startswith(NO_IMAGE) or "pixels" in str(error), error
