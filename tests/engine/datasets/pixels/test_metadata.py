"""Metadata never cost the pixels: what cannot be read of them is left aside, but for the orientation."""

import io
import itertools
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from metadata import jpeg_segment, mangled, metadata_ranges, noise, png_chunk, with_metadata
from numpy.typing import NDArray
from PIL import Image

from engine.datasets.index import Index
from engine.datasets.pixels.bare_copy import bare_copy, exif_orientation, least_exif
from engine.datasets.pixels.decode import BadImage, Look, decode
from engine.datasets.pixels.read_image import TURNS, is_readable, read_image
from engine.datasets.survey import look_at_images

pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\.")
BIG = zlib.compress(bytes(2_000_000))
"""More text than Pillow decompresses."""


def pixels(path: Path, content: bytes) -> NDArray[np.uint8]:
    path.write_bytes(content)
    return np.array(read_image(path.parent, path.name, lambda size: size).rgb)


def written(image: Image.Image, kind: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)  # type: ignore[arg-type]
    return content.getvalue()


def behind_header(png: bytes, *chunks: bytes) -> bytes:
    return png[:33] + b"".join(chunks) + png[33:]


@pytest.mark.parametrize("name", with_metadata())
def test_mangled_metadata_leave_the_pixels_of_the_clean_file(tmp_path: Path, name: str) -> None:
    content, dice = with_metadata()[name], random.Random(name)
    clean = pixels(tmp_path / name, content)
    assert len(metadata_ranges(name, content)) >= 2
    for _ in range(120):
        found = pixels(tmp_path / name, mangled(name, content, dice))
        # A byte may turn into an orientation by chance.
        assert any(np.array_equal(found, each) for each in turned(clean)), name


def test_nothing_is_printed_of_odd_metadata(tmp_path: Path) -> None:
    """Pillow warns of tags that it cannot read."""
    content = with_metadata()["a.tif"]
    start, end = metadata_ranges("a.tif", content)[0]
    (tmp_path / "a.tif").write_bytes(content[: start + 2] + b"\xff\xff\xff\x7f" + content[start + 6 :])
    read = "read_image(Path(sys.argv[1]), 'a.tif', lambda size: size).rgb.size"
    lines = "import sys; from pathlib import Path; from engine.datasets.pixels.read_image import read_image"
    for says, code in ((True, "Image.open(sys.argv[1] + '/a.tif').load()"), (False, read)):
        command = [
            sys.executable,
            "-c",
            f"{lines if not says else 'import sys; from PIL import Image'}; {code}",
        ]
        done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=True)
        assert ("Warning" in done.stderr) == says and (says or done.stderr == ""), done.stderr


def turned(clean: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    upright = Image.fromarray(clean)
    return [clean, *(np.array(upright.transpose(turn)) for turn in TURNS.values())]


LONG = b"k\0\0" + BIG
NUMBER_CHUNKS = (b"pHYs", b"gAMA", b"cHRM", b"sRGB", b"acTL", b"fcTL")
CHUNKS = {
    "profile that grows": png_chunk(b"iCCP", LONG),
    "profile of an unknown method": png_chunk(b"iCCP", b"p\0\7x"),
    "profile without a name": png_chunk(b"iCCP", b""),
    "xmp that grows": png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BIG),
    "text that grows": png_chunk(b"zTXt", LONG),
    "exif that is none": png_chunk(b"eXIf", b"none"),
    "old exif that is none": png_chunk(b"tEXt", b"Raw profile type exif\0none"),
    "numbers cut off": b"".join(png_chunk(kind, b"") for kind in NUMBER_CHUNKS),
    "wrong checksum": png_chunk(b"tEXt", b"a\0b")[:-1] + b"?",
    "kind of its own": png_chunk(b"abCd", b"anything") + png_chunk(b"1234", b""),
    **{f"text called {key}": png_chunk(b"tEXt", key.encode() + b"\0text")
       for key in ("transparency", "bbox", "interlace", "exif", "xmp", "gamma", "dpi", "default_image", "icc_profile")},
}  # fmt: skip


@pytest.mark.parametrize("chunk", CHUNKS)
def test_chunks_of_a_png(tmp_path: Path, chunk: str) -> None:
    rgb = noise()
    deep = Image.fromarray(np.arange(960, dtype=np.uint16).reshape(24, 40) * 60)
    for image in (rgb, rgb.convert("L"), rgb.quantize(8), rgb.convert("LA"), deep):
        clean = written(image, "PNG")
        wanted = pixels(tmp_path / "clean.png", clean)
        for content in (behind_header(clean, CHUNKS[chunk]), clean[:-12] + CHUNKS[chunk] + clean[-12:]):
            assert np.array_equal(pixels(tmp_path / "a.png", content), wanted), image.mode
            assert is_readable(tmp_path, "a.png")


def test_texts_that_are_long_together_only(tmp_path: Path) -> None:
    text = zlib.compress(bytes(1_000_000))
    clean = written(noise(), "PNG")
    texts = [png_chunk(b"zTXt", b"k%d\0\0" % number + text) for number in range(70)]
    found = pixels(tmp_path / "a.png", behind_header(clean, *texts))
    assert np.array_equal(found, pixels(tmp_path / "clean.png", clean))


MPF_ENTRIES = struct.pack("<4sIHHHII", b"II*\0", 8, 1, 45057, 2, 4, 0x31313131) + bytes(4)
SEGMENTS = {
    "MPO without a table": jpeg_segment(0xE2, b"MPF\0"),
    "MPO with a broken table": jpeg_segment(0xE2, b"MPF\0II*\0\x08\0\0\0\xff\xff" + b"x" * 30),
    "MPO whose count is text": jpeg_segment(0xE2, b"MPF\0" + MPF_ENTRIES),
    "JFIF without a version": jpeg_segment(0xE0, b"JFIF"),
    "JFIF without a density": jpeg_segment(0xE0, b"JFIF\0\1"),
    "profile without parts": jpeg_segment(0xE2, b"ICC_PROFILE\0"),
    "profile part 7 of 3": jpeg_segment(0xE2, b"ICC_PROFILE\0\7\3abc"),
    "Photoshop's block cut off": jpeg_segment(0xED, b"Photoshop 3.0\0008BIM\3\xed\0\0\0\0\xff\xff"),
    "XMP with orientation 9": jpeg_segment(0xE1, b'http://ns.adobe.com/xap/1.0/\0tiff:Orientation="9"'),
    "EXIF without a table": jpeg_segment(0xE1, b"Exif\0\0"),
    "EXIF with its table outside": jpeg_segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"),
    "Adobe's cut off": jpeg_segment(0xEE, b"Adobe"),
}


@pytest.mark.parametrize("segment", SEGMENTS)
def test_segments_of_a_jpeg(tmp_path: Path, segment: str) -> None:
    """The bare copy has the same colours too: they hang on what Adobe's segment and JFIF's say."""
    for mode, options in (
        ("RGB", {}),
        ("RGB", {"progressive": True}),
        ("L", {}),
        ("CMYK", {}),
        ("RGB", {"keep_rgb": True}),
    ):
        clean = written(noise().convert(mode), "JPEG", **options)
        wanted = pixels(tmp_path / "clean.jpg", clean)
        content = clean[:2] + SEGMENTS[segment] + clean[2:]
        assert np.array_equal(pixels(tmp_path / "a.jpg", content), wanted), mode
        bare = bare_copy(content)
        assert bare is not None and np.array_equal(pixels(tmp_path / "bare.jpg", bare), wanted), mode


def odd_exif(orientation: int) -> bytes:
    """EXIF whose resolution is a text."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0) + struct.pack("<HHII", 0x011A, 2, 2, 0x3131)
    return struct.pack("<4sIH", b"II*\0", 8, 2) + entries + bytes(4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read_beside_what_cannot_be(tmp_path: Path, orientation: int) -> None:
    image = noise()
    turn = TURNS.get(orientation)
    for kind in ("JPEG", "PNG"):
        plain = written(image, kind)
        clean = Image.fromarray(pixels(tmp_path / "clean", plain))
        wanted = np.array(clean if turn is None else clean.transpose(turn))
        for exif in (odd_exif(orientation), least_exif(orientation)):
            if kind == "PNG":
                content = behind_header(plain, png_chunk(b"iCCP", LONG), png_chunk(b"eXIf", exif))
            else:
                parts = jpeg_segment(0xE2, b"MPF\0" + MPF_ENTRIES) + jpeg_segment(0xE1, b"Exif\0\0" + exif)
                content = plain[:2] + parts + plain[2:]
            assert np.array_equal(pixels(tmp_path / "a", content), wanted), kind
            bare = bare_copy(content)
            assert bare is not None and np.array_equal(pixels(tmp_path / "bare", bare), wanted), kind


def test_an_orientation_that_cannot_be_read_is_none() -> None:
    whole = odd_exif(6)
    assert exif_orientation(whole) == 6
    assert {exif_orientation(whole[:end]) for end in range(18)} == {1}
    for wrong in (
        b"",
        b"MM*\0" + whole[4:],
        odd_exif(0),
        odd_exif(9),
        whole.replace(b"\x12\1\3", b"\x12\1\2"),
    ):
        assert exif_orientation(wrong) == 1


COMPRESSIONS = (None, "tiff_lzw", "tiff_deflate", "packbits")


@pytest.mark.parametrize(
    ("mode", "compression"),
    [
        *itertools.product(("RGB", "L", "1", "P", "RGBA", "CMYK"), COMPRESSIONS),
        *itertools.product(("RGB", "L"), ("jpeg",)),
    ],
)
def test_a_bare_tiff_has_the_same_pixels(tmp_path: Path, mode: str, compression: str | None) -> None:
    content = written(
        noise().convert(mode), "TIFF", compression=compression, description="text", dpi=(72, 72)
    )
    bare = bare_copy(content)
    assert bare is not None and b"\x0e\x01\x02\0" not in bare[:-12]  # the tag of the text
    assert np.array_equal(pixels(tmp_path / "bare.tif", bare), pixels(tmp_path / "whole.tif", content))


def test_a_big_tiff_whose_resolution_is_no_number(tmp_path: Path) -> None:
    """BigTIFF, by hand: 2 × 2 grey pixels behind a table of 20 bytes a tag."""
    tags = {256: 2, 257: 2, 258: 8, 259: 1, 262: 1, 273: 8, 274: 6, 277: 1, 278: 2, 279: 4}
    entries = [struct.pack("<HHQH6x", tag, 3, 1, value) for tag, value in tags.items()]
    entries[5] = struct.pack("<HHQQ", 273, 16, 1, 16)
    entries.append(struct.pack("<HHQ8s", 282, 2, 4, b"text"))
    entries.append(struct.pack("<HHQ8s", 283, 2, 4, b"text"))
    header = b"II+\0" + struct.pack("<HHQ", 8, 0, 24)
    content = header + bytes((1, 2, 3, 4)) + bytes(4) + struct.pack("<Q", len(entries)) + b"".join(entries)
    found = pixels(tmp_path / "a.tif", content + bytes(8))
    assert np.array_equal(found[..., 0], [[3, 1], [4, 2]])
    bare = bare_copy(content + bytes(8))
    assert bare is not None and b"text" not in bare[:-60]
    assert np.array_equal(pixels(tmp_path / "bare.tif", bare), found)


@pytest.mark.parametrize("name", with_metadata())
def test_a_bare_copy_of_a_damaged_file_is_made_or_not(name: str) -> None:
    content, dice = with_metadata()[name], random.Random(name)
    for _ in range(300):
        damaged = bytearray(content[: dice.randrange(1, len(content) + 1)])
        for _ in range(dice.choice((0, 1, 4))):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        bare = bare_copy(bytes(damaged))
        assert bare is None or len(bare) <= len(damaged) + 64


def index_of(folder: Path) -> Index:
    names = tuple(sorted(path.name for path in folder.iterdir()))
    return Index("any", folder, names, (0,) * len(names), ("train",) * len(names), None, ("a",), False, "")


def test_the_check_and_the_run_agree(tmp_path: Path) -> None:
    """On good pixels with any metadata, on files that are cut off, and on what is no image."""
    png, jpg = written(noise(), "PNG"), written(noise(), "JPEG")
    files = {f"{number}.png": behind_header(png, chunk) for number, chunk in enumerate(CHUNKS.values())}
    files |= {f"{number}.jpg": jpg[:2] + each + jpg[2:] for number, each in enumerate(SEGMENTS.values())}
    files |= {
        "cut.jpg": jpg[:-300],
        "cut.png": png[:-300],
        "cut-long.png": behind_header(png, CHUNKS["text that grows"])[:-300],
    }
    files |= {
        "turned.jpg": jpg[:2] + jpeg_segment(0xE1, b"Exif\0\0" + odd_exif(6)) + jpg[2:],
        "page.jpg": b"<html>404</html>",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    looks = look_at_images(index_of(tmp_path), lambda _done, _total: None)
    assert looks is not None
    refused = {}
    for name in files:
        try:
            decode(tmp_path, name, Look(16, "crop", "none"))
        except BadImage as error:
            refused[name] = str(error)
    assert refused.keys() == looks.unreadable.keys() == {"cut.jpg", "cut.png", "cut-long.png", "page.jpg"}
    for name, why in looks.unreadable.items():
        assert refused[name] == f"image {tmp_path / name} cannot be read ({why})"
    assert {looks.unreadable[name] for name in refused if name.startswith("cut")} == {"the file is cut off"}
