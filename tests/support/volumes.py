"""Small disks of their own for the tests: a tmpfs, which needs root; and a limit of file size, which does not."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, *, size_kib: int, files: int = 0) -> Iterator[Path]:
    """A file system of this size, and for so many files, at a new folder. Skips where it may not be mounted."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k,nr_inodes={files}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here: a full disk needs a small file system")
    if done.returncode != 0:
        pytest.skip(f"a small file system needs root: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder: Path, *, leave_kib: int = 0) -> Path:
    """Write until so much is left; gives the file that takes the space."""
    path = folder / "filler"
    room = os.statvfs(folder)
    blocks = room.f_bavail - leave_kib * 1024 // room.f_bsize
    with path.open("wb") as file:
        for _ in range(blocks):
            file.write(b"\1" * room.f_bsize)
    return path


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A small disk that takes no writes meanwhile."""
    for mode in ("ro", "rw"):
        subprocess.run(["mount", "-o", f"remount,{mode}", str(folder)], check=True)
        if mode == "ro":
            yield


@contextlib.contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """No file of this process grows beyond: a disk that is full for large files alone."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
