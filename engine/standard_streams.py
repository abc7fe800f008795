"""Standard streams that are closed or take no more: cron, systemd, `>&-`, a full disk, a pipe without a reader."""

import contextlib
import io
import os
import sys
from typing import TextIO


def open_closed_streams() -> None:
    """Open /dev/null for each standard stream that whoever started the program has closed.

    Else the next file that is opened, such as the run table, would get the stream's number, and with it all that is
    printed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(
                os.open(os.devnull, os.O_RDWR), True
            )  # the lowest number that is free: this one
        if getattr(sys, name) is None:
            stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def write_utf8(stream: TextIO) -> None:
    """Write UTF-8 to what is no terminal, whatever the locale: logs are read on other machines too."""
    if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def settle(stream: TextIO) -> OSError | None:
    """Write out what was printed. Return the error where the stream takes no more: it is /dev/null from then on, so
    that the interpreter does not complain at its end."""
    try:
        stream.flush()
    except OSError as error:
        with contextlib.suppress(OSError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
        return error
    return None
