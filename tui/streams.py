"""Standard streams of the program: made to fit the terminal at its start, and written out at its end."""

import codecs
import errno
import io
import sys

from engine.standard_streams import open_closed_streams, settle
from engine.text import print_message
from tui.ascii import terminal_encoding, to_ascii

NEAREST = "nearest"
"""Name of the error handler that prints what an encoding lacks as the nearest ASCII."""


def open_streams() -> None:
    """Open what is closed; print on a terminal in its encoding, and everywhere what an encoding lacks as ASCII."""
    open_closed_streams()
    codecs.register_error(NEAREST, _print_nearest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = terminal_encoding() if stream.isatty() else stream.encoding
            stream.reconfigure(encoding=encoding, errors=NEAREST)


def _print_nearest(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace what an encoding lacks. Names that are not UTF-8 are escaped: no character is near them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    near = (
        each.encode("ascii", "backslashreplace").decode() if "\ud800" <= each <= "\udfff" else to_ascii(each)
        for each in lacking
    )
    return "".join(near), error.end


def written_out(code: int) -> int:
    """Write out what was printed and return the exit code: 1 where there is no room for it, which is said. A reader
    that has gone wants no more of it."""
    error = settle(sys.stdout)
    if error is not None and error.errno != errno.EPIPE:
        print_message(f"resnet-tui: standard output cannot be written: {error.strerror}")
        code = code or 1
    settle(sys.stderr)
    return code
