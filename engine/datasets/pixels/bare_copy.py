"""Copies of image files without metadata, for files whose metadata keep Pillow from their pixels.

What is kept is what pixels depend on, and the orientation where it can be read. Nothing is decompressed."""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

ORIENTATION = 0x0112
SHORT = 3
TIFF_ENTRY_BYTES = 12
EXIF = b"Exif\0\0"
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
"""Of an animated PNG the first picture, which is that of IDAT."""
JPEG_START = b"\xff\xd8"
JPEG_SCAN = 0xDA
JPEG_JFIF, JPEG_EXIF, JPEG_ADOBE, JPEG_COMMENT = 0xE0, 0xE1, 0xEE, 0xFE
JPEG_APPS = range(0xE0, 0xF0)
TIFF_STARTS = {b"II*\0": "<", b"MM\0*": ">"}
BIG_TIFF_START = b"II+\0"
"""Of BigTIFF with the low byte first: Pillow reads no other."""
TIFF_KEPT = frozenset(
    (254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332, 338,
     339, 347, *range(512, 522), 529, 530, 531, 532)
)  # fmt: skip
"""Tags that say where pixels lie and what they mean."""


def bare_copy(content: bytes) -> bytes | None:
    """Return an image file without its metadata but for its orientation; None for a format or structure not known."""
    try:
        if content.startswith(PNG_START):
            return _bare_png(content)
        if content.startswith(JPEG_START):
            return _bare_jpeg(content)
        if content[:4] in TIFF_STARTS:
            return _bare_tiff(content, TIFF_STARTS[content[:4]], _TIFF)
        if content.startswith(BIG_TIFF_START):
            return _bare_tiff(content, "<", _BIG_TIFF)
    except (struct.error, OverflowError):  # it ends inside a number, or leads beyond any file
        return None
    return None


def exif_orientation(exif: bytes) -> int:
    """Return the orientation of EXIF data (1 to 8) without reading any other tag; 1 where there is none."""
    order = TIFF_STARTS.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for place in range(start + 2, start + 2 + TIFF_ENTRY_BYTES * count, TIFF_ENTRY_BYTES):
            tag, kind, values, value = struct.unpack_from(f"{order}HHIH", exif, place)
            if tag == ORIENTATION:
                return int(value) if (kind, values) == (SHORT, 1) and 1 <= value <= 8 else 1
    except struct.error:  # it ends before its orientation
        return 1
    return 1


def least_exif(orientation: int) -> bytes:
    """Return EXIF data that hold an orientation alone."""
    return struct.pack("<4sIHHHIHHI", b"II*\0", 8, 1, ORIENTATION, SHORT, 1, orientation, 0, 0)


def _bare_png(content: bytes) -> bytes:
    parts, orientation = [PNG_START], 1
    for kind, whole in _png_chunks(content):
        if kind == b"eXIf":
            orientation = exif_orientation(whole[8:-4])
        elif kind in PNG_KEPT:
            parts.append(whole)
    if orientation != 1:
        parts.insert(2, _png_chunk(b"eXIf", least_exif(orientation)))
    return b"".join(parts)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each chunk's kind and its bytes; the last may be cut off."""
    place = len(PNG_START)
    while place + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        yield kind, content[place : place + length + 12]
        place += length + 12


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _bare_jpeg(content: bytes) -> bytes | None:
    kept: list[bytes] = []
    orientation, place = 1, 2
    while True:
        start, marker, length = struct.unpack_from(">BBH", content, place)
        if start != 0xFF:
            return None
        if marker == 0xFF:  # padding
            place += 1
            continue
        if marker == JPEG_SCAN:
            break
        if length < 2:
            return None
        segment = content[place : place + 2 + length]
        if marker == JPEG_EXIF and segment[4:].startswith(EXIF) and orientation == 1:
            orientation = exif_orientation(segment[4 + len(EXIF) :])
        elif _is_kept(marker, segment[4:]):
            kept.append(segment)
        place += 2 + length
    exif = EXIF + least_exif(orientation)
    added = b"" if orientation == 1 else struct.pack(">BBH", 0xFF, JPEG_EXIF, len(exif) + 2) + exif
    first = 1 if kept and kept[0][1] == JPEG_JFIF else 0
    return b"".join((JPEG_START, *kept[:first], added, *kept[first:], content[place:]))


def _is_kept(marker: int, data: bytes) -> bool:
    """Tell whether a JPEG's segment says how its pixels are stored; JFIF and Adobe's say which colours they are."""
    match marker:
        case _ if marker == JPEG_JFIF:
            return data.startswith(b"JFIF\0") and len(data) >= 14
        case _ if marker == JPEG_ADOBE:
            return data.startswith(b"Adobe") and len(data) >= 12
    return marker not in JPEG_APPS and marker != JPEG_COMMENT


class _Tables(NamedTuple):
    """Formats in which a kind of TIFF writes its table of tags, as of `struct`."""

    start: str
    """Format of the table's offset, which stands at `start_at`."""
    start_at: int
    tag_count: str
    entry: str
    """A tag, its type, the number of its values, and the first of them."""


_TIFF = _Tables("I", 4, "H", "HHIH2x")
_BIG_TIFF = _Tables("Q", 8, "Q", "HHQH6x")


def _bare_tiff(content: bytes, order: str, tables: _Tables) -> bytes | None:
    """Return the first page alone, in its place, with the tags that its pixels need."""
    (start,) = struct.unpack_from(order + tables.start, content, tables.start_at)
    (count,) = struct.unpack_from(order + tables.tag_count, content, start)
    first, entry_bytes = (
        start + struct.calcsize(order + tables.tag_count),
        struct.calcsize(order + tables.entry),
    )
    if count > len(content) // entry_bytes:
        return None
    entries = []
    for place in range(first, first + entry_bytes * count, entry_bytes):
        tag, kind, values, value = struct.unpack_from(order + tables.entry, content, place)
        is_orientation = tag == ORIENTATION and (kind, values) == (SHORT, 1) and 1 <= value <= 8
        if is_orientation or tag in TIFF_KEPT:
            entries.append(content[place : place + entry_bytes])
    none_behind = bytes(struct.calcsize(order + tables.start))
    table = struct.pack(order + tables.tag_count, len(entries)) + b"".join(entries) + none_behind
    return content[:start] + table + content[start + len(table) :]
