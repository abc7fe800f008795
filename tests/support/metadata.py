"""Good pixels in files with metadata of every kind, and these metadata mangled."""

import io
import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from engine.datasets.pixels.bare_copy import TIFF_KEPT

PIXELS_OF_PNG = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
NUMBERS = (0, 1, 2, 5, 0x7F, 0x80, 0xFF)
XMP = b"<x:xmpmeta>" + b"<rdf:Description/>" * 9 + b"</x:xmpmeta>"


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8))


@cache
def with_metadata() -> dict[str, bytes]:
    """Files whose metadata say nothing of the orientation."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x011A] = "maker", "model", 72.0
    texts = PngInfo()
    texts.add_text("Comment", "any text " * 9)
    texts.add_text("Long", "any text " * 99, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    common = {"exif": exif, "icc_profile": icc}
    rgb, dpi = noise(), {"dpi": (72, 72)}
    wanted: dict[str, tuple[str, dict[str, object]]] = {
        "a.jpg": ("JPEG", {**common, **dpi, "xmp": XMP, "comment": b"any text"}),
        "ink.jpg": ("JPEG", {**common, **dpi}),
        "mpo.jpg": ("MPO", {"exif": exif, "save_all": True, "append_images": [rgb]}),
        "a.png": ("PNG", {**common, **dpi, "pnginfo": texts}),
        "a.tif": ("TIFF", {**common, **dpi, "description": "any text"}),
        "lzw.tif": ("TIFF", {**common, "compression": "tiff_lzw", "software": "any text"}),
        "a.webp": ("WEBP", {**common, "xmp": XMP, "lossless": True}),
    }
    made = {}
    for name, (kind, options) in wanted.items():
        content = io.BytesIO()
        (rgb.convert("CMYK") if name.startswith("ink") else rgb).save(content, kind, **options)
        made[name] = content.getvalue()
    return made


def metadata_ranges(name: str, content: bytes) -> list[tuple[int, int]]:
    """Starts and ends of what says nothing of the pixels, without the lengths that lead from part to part."""
    if name.endswith(".jpg"):
        return [*_of_jpeg(content)]
    if name.endswith(".png"):
        return [*_of_png(content)]
    return [*(_of_tiff(content) if name.endswith(".tif") else _of_webp(content))]


def _of_jpeg(content: bytes) -> Iterator[tuple[int, int]]:
    place = 2
    while content[place + 1] != 0xDA:
        _, marker, length = struct.unpack_from(">BBH", content, place)
        if marker in (*range(0xE0, 0xEE), 0xEF, 0xFE) and length > 2:
            yield place + 4, place + 2 + length
        place += 2 + length


def _of_png(content: bytes) -> Iterator[tuple[int, int]]:
    place = 8
    while place < len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        if kind not in PIXELS_OF_PNG and length:
            yield place + 8, place + 8 + length
        place += length + 12


def _of_tiff(content: bytes) -> Iterator[tuple[int, int]]:
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        # The unit's value is left alone: libtiff prints what it thinks of it.
        if (tag := struct.unpack_from("<H", content, place)[0]) not in TIFF_KEPT and tag != 296:
            yield place + 2, place + 12


def _of_webp(content: bytes) -> Iterator[tuple[int, int]]:
    place = 12
    while place < len(content):
        kind, length = struct.unpack_from("<4sI", content, place)
        if kind in (b"ICCP", b"EXIF", b"XMP "):
            yield place + 8, place + 8 + length
        place += 8 + length + length % 2


def mangled(name: str, content: bytes, dice: random.Random) -> bytes:
    """Return a file with some bytes of one part of its metadata changed; a PNG's checksum is sometimes made to fit."""
    start, end = dice.choice(metadata_ranges(name, content))
    found = bytearray(content)
    for _ in range(dice.choice((1, 2, 8, 60))):
        found[dice.randrange(start, end)] = dice.choice((*NUMBERS, dice.randrange(256)))
    if name.endswith(".png") and dice.random() < 0.7:
        found[end : end + 4] = struct.pack(">I", zlib.crc32(found[start - 4 : end]))
    return bytes(found)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg_segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data
