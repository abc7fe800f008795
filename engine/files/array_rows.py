"""Files of np.save that grow by a row an epoch: only the new row is written, whatever was written before."""

import contextlib
import io
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.files.disk_errors import WriteError
from engine.files.paths import Fence

Row = NDArray[np.uint16] | NDArray[np.float16]


def append_row(path: Path, place: int, row: Row, *, fence: Fence) -> bool:
    """Append a row to an array of `place` rows like it; return False, with nothing written, where the file has no such
    array.

    The row is on the disk before the heading counts it: a reader, or one who comes after a power cut, finds the array
    with it or without it. Raises WriteError, and then the array is as it was."""
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:  # whoever writes the whole file anew says what is wrong with it
        return False
    try:
        start = _start_of_row(file, place, row)
        if start is None:
            return False
        with fence():
            try:
                os.ftruncate(file, start)  # what lies there was never counted
                _write(file, start, row.tobytes())
            except BaseException:
                with contextlib.suppress(OSError):
                    os.ftruncate(file, start)
                raise
            _write(file, 0, _heading(place + 1, row))
    except OSError as error:
        raise WriteError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(file)
    return True


def _write(file: int, place: int, content: bytes) -> None:
    """Write all of it at a place, to the disk."""
    left = memoryview(content)
    while left:
        written = os.pwrite(file, left, place)
        left, place = left[written:], place + written
    os.fsync(file)


def _start_of_row(file: int, place: int, row: Row) -> int | None:
    """Return where row number `place` begins; None where the file is no array of so many rows like this one, or its
    heading has no room for another count."""
    heading, longer = _heading(place, row), _heading(place + 1, row)
    end = len(heading) + place * row.nbytes
    if not place or len(longer) != len(heading) or os.pread(file, len(heading), 0) != heading:
        return None
    return end if os.fstat(file).st_size >= end else None


def _heading(rows: int, row: Row) -> bytes:
    """Return the heading of np.save."""
    content = io.BytesIO()
    about = {
        "shape": (rows, len(row)),
        "fortran_order": False,
        "descr": np.lib.format.dtype_to_descr(row.dtype),
    }
    np.lib.format.write_array_header_1_0(content, about)
    return content.getvalue()
