"""Reasons for which an image cannot be read, in words of our own: what Pillow says means little to who has the file."""

import struct
import zlib

from PIL import UnidentifiedImageError

from engine.files.first_bytes import kind_of

NOT_READABLE = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, struct.error, RuntimeError, MemoryError,
    IndexError, KeyError, TypeError, OverflowError, AttributeError, ZeroDivisionError, AssertionError, zlib.error,
)  # fmt: skip
"""Errors of Pillow's decoders for files that are damaged or not images; MemoryError comes from a damaged length."""
CUT_OFF = (
    "truncated",
    "unexpected end",
    "unexpected eof",
    "end of file",
    "not enough",
    "incomplete",
    "eof while",
)
"""Words of Pillow's errors, in small letters, for files that end too early."""
UNKNOWN_KIND = (
    "not supported",
    "unsupported",
    "not available",
    "unknown",
    "cannot decode",
    "not implemented",
)
"""Words of Pillow's errors for variants of a format that it cannot decode."""
OURS = ("a JPEG image", "a PNG image", "a GIF image", "a WebP image", "a TIFF image")
"""Kinds whose files are images that Pillow knows, where only their headers are damaged."""
NO_FORMAT = "no image format that is known"
HEADER = "its header is damaged or cut off"
CUT = "the file is cut off"
VARIANT = "a variant of its format that cannot be read: save it as PNG"
DAMAGED = "its data are damaged"
MEMORY = "it claims more than fits in memory"


class UnusableImage(ValueError):
    """Error of an image that is whole, but not what a run can use; its text is the reason."""


class UnreadableImage(ValueError):
    """Error of an image that cannot be read; its text is the reason, without the path."""


def reason_of(error: Exception, start: bytes) -> str:
    """Word the reason of an error of NOT_READABLE; `start` are the file's first bytes."""
    if isinstance(error, UnusableImage):
        return str(error)
    if isinstance(error, MemoryError):
        return MEMORY
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnidentifiedImageError):
        return _of_start(start)
    text = str(error).lower()
    if isinstance(error, EOFError) or any(words in text for words in CUT_OFF):
        return CUT
    if isinstance(error, NotImplementedError) or any(words in text for words in UNKNOWN_KIND):
        return VARIANT
    return DAMAGED


def _of_start(start: bytes) -> str:
    kind = kind_of(start)
    if kind in OURS:
        return HEADER
    if kind is None:
        return NO_FORMAT
    return f"{NO_FORMAT}: its first bytes are those of {kind}" if start else f"{NO_FORMAT}: it is empty"
