"""Kinds of files that are told apart by their first bytes, to say what a file is that is not what its name claims."""

from pathlib import Path

START_BYTES = 1024
"""Bytes that `kind_of` needs from the start of a file."""
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (0, b"GIF8", "a GIF image"),
    (8, b"WEBP", "a WebP image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (0, b"II+\0", "a TIFF image"),
    (4, b"ftypheic", "a HEIC image"),
    (4, b"ftypheix", "a HEIC image"),
    (4, b"ftypmif1", "a HEIC image"),
    (0, b"8BPS", "a Photoshop file"),
    (128, b"DICM", "a DICOM file"),
    (0, b"\xff\x0a", "a JPEG XL image"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (0, b"%!PS", "PostScript"),
    (0, b"%PDF", "a PDF file"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"PK\x05\x06", "an empty zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes it"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (4, b"TFL3", "a TensorFlow Lite model"),
    (0, b"GGUF", "a GGUF model"),
    (0, b"SQLite format 3", "an SQLite database"),
    (0, b"\x7fELF", "a program"),
    (0, b"version https://git-lfs", "a Git LFS pointer"),
)
"""Offset, bytes and name of each kind; the first that fits is taken."""
CURES = {
    "a Git LFS pointer": "fetch the file itself with git lfs pull",
    "an HTML page": "download the file itself",
    **dict.fromkeys(("a gzip archive", "a bzip2 archive", "an xz archive", "a tar archive"), "unpack it"),
    **dict.fromkeys(("a 7-Zip archive", "a RAR archive"), "unpack it"),
}
"""Ways out for a file of some kind, where that is the same whatever it should have been."""
WEB_PAGE = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")


def read_start(path: Path) -> bytes:
    """Return a file's first bytes. Raises OSError."""
    with path.open("rb") as file:
        return file.read(START_BYTES)


def kind_of(start: bytes) -> str | None:
    """Name what a file is by its first bytes, such as `an HTML page`; None for an unknown kind."""
    for offset, signature, name in SIGNATURES:
        if start.startswith(signature, offset):
            return name
    if not start:
        return "an empty file"
    if not start.strip(b"\0"):
        return "nothing but zero bytes"
    return _text_kind(start)


def _text_kind(start: bytes) -> str | None:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(WEB_PAGE) or b"<html" in text:
        return "an HTML page"
    if text.startswith((b"<svg", b"<?xml")):
        return "an SVG drawing" if b"<svg" in text else "an XML file"
    if text.startswith((b"{", b"[")) and _is_text(start):
        return "JSON text"
    return "text" if _is_text(start) else None


def _is_text(start: bytes) -> bool:
    """Tell whether bytes are text in UTF-8, whose last character may be cut in two."""
    try:
        decoded = start[: -3 if len(start) == START_BYTES else None].decode()
    except UnicodeDecodeError as error:
        if len(start) != START_BYTES or error.start < START_BYTES - 8:
            return False
        decoded = start[: error.start].decode()
    return all(character.isprintable() or character in "\t\r\n\f" for character in decoded)
