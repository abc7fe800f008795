"""Resumable filling of a packed map: a stop, a kill or a power cut loses only a few seconds of work."""

import errno
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.datasets.pixels.decode import BadImage
from engine.datasets.pixels.locks import Stopped
from engine.files.paths import write_atomic

BLOCK = 16
"""Images that a thread decodes in one call."""
SAVE_EVERY_S = 5.0
ASK_EVERY_S = 0.1


class PackingLine(str):
    """Log line about packing, which may take hours: its type distinguishes it from other lines."""


Progress = Callable[[int, int], None]
"""Called with images done and images in all."""
Reader = Callable[[int], NDArray[np.uint8]]
"""Function from a row to its image. Raises BadImage."""


@dataclass
class Partial:
    """Map that is being filled, with a note of the number of images that are safely on disk."""

    path: Path
    note: Path
    done: int = 0
    bad: dict[int, str] = field(default_factory=dict)
    """Reasons why images below `done` are unreadable, by row."""

    @classmethod
    def open(cls, path: Path, note: Path, size_bytes: int) -> "Partial":
        """Continue where an earlier process stopped, or begin a new map. Raises OSError where the disk is full."""
        partial = cls(path, note)
        if path.exists() and path.stat().st_size == size_bytes:
            partial._read_note()
            return partial
        partial.remove()
        try:
            with path.open("wb") as file:
                # Allocate the space first, so that a full disk shows before the work is done.
                os.posix_fallocate(file.fileno(), 0, size_bytes)
        except OSError:
            partial.remove()
            raise
        return partial

    def _read_note(self) -> None:
        try:
            noted = json.loads(self.note.read_text(encoding="utf-8"))
            self.done, self.bad = noted["done"], {int(row): why for row, why in noted["bad"].items()}
        except (OSError, ValueError, KeyError):
            self.done, self.bad = 0, {}

    def save(self, handle: int) -> None:
        """Write the number of images done to the note, after the images themselves are safely on disk."""
        os.fdatasync(handle)
        bad = {str(row): why for row, why in self.bad.items()}
        write_atomic(self.note, json.dumps({"done": self.done, "bad": bad}).encode())

    def remove(self) -> None:
        for path in (self.note, self.path):
            path.unlink(missing_ok=True)


class Unreadable(Exception):
    """Error for a block with bad images; `bad` has the reasons, by row."""

    def __init__(self, bad: dict[int, str]) -> None:
        super().__init__(next(iter(bad.values())))
        self.bad = bad


@dataclass(frozen=True)
class Job:
    """Images to fill a map with, and callbacks for progress and stop."""

    total: int
    read: Reader
    skip_bad: bool
    progress: Progress
    should_stop: Callable[[], bool]


def fill(partial: Partial, job: Job) -> None:
    """Decode the images that are not done yet, on all cores.

    Raises Stopped; Unreadable at the first block with a bad image, unless `skip_bad`; OSError where the disk is
    full."""
    handle = os.open(partial.path, os.O_WRONLY)
    halt = threading.Event()
    try:
        # Pillow and torch release the GIL while they decode and resize.
        workers = len(os.sched_getaffinity(0))
        with ThreadPoolExecutor(workers) as threads:
            try:
                _fill(partial, job, handle, halt, threads, ahead=2 * workers)
            finally:
                halt.set()
    finally:
        partial.save(handle)
        os.close(handle)


def _fill(
    partial: Partial, job: Job, handle: int, halt: threading.Event, threads: ThreadPoolExecutor, *, ahead: int
) -> None:
    blocks = deque(range(row, min(row + BLOCK, job.total)) for row in range(partial.done, job.total, BLOCK))
    begun: deque[tuple[range, Future[dict[int, str]]]] = deque()
    saved_at = time.monotonic()
    job.progress(partial.done, job.total)
    while blocks or begun:
        while blocks and len(begun) < ahead:
            rows = blocks.popleft()
            begun.append((rows, threads.submit(_decode_block, handle, job.read, rows, halt)))
        rows, block = begun.popleft()
        while not wait([block], ASK_EVERY_S).done:
            if job.should_stop():
                raise Stopped
        bad = block.result()
        if bad and not job.skip_bad:
            raise Unreadable(bad)
        partial.bad |= bad
        partial.done = rows.stop
        job.progress(rows.stop, job.total)
        if begun and job.should_stop():
            raise Stopped
        if time.monotonic() - saved_at > SAVE_EVERY_S:
            partial.save(handle)
            saved_at = time.monotonic()


def _decode_block(handle: int, read: Reader, rows: range, halt: threading.Event) -> dict[int, str]:
    """Write each image of a block to its place; return the reasons of the bad ones.

    After a halt the result is incomplete and must not be used."""
    bad = {}
    for row in rows:
        if halt.is_set():
            break
        try:
            image = np.ascontiguousarray(read(row))
        except BadImage as error:
            bad[row] = str(error)
            continue
        if os.pwrite(handle, image.data, row * image.nbytes) < image.nbytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return bad
