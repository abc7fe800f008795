"""Files of a folder that matter to data sets: images, and files that may hold labels."""

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from engine.datasets.formats.names.idx_names import is_idx
from engine.datasets.formats.names.image_files import is_image, suffix_of
from engine.datasets.formats.names.walk import is_clutter, is_readme, walk_images

DATA_SUFFIXES = (
    ".csv", ".tsv", ".txt", ".json", ".jsonl", ".xls", ".xlsx", ".ods", ".xml", ".mat", ".parquet", ".pkl",
)  # fmt: skip
"""Suffixes of files that may hold labels."""


def has_images(folder: Path) -> bool:
    """Return True where images lie directly in a folder."""
    with os.scandir(folder) as entries:
        return any(is_image(entry.name) and not is_clutter(entry.name) for entry in entries)


def images_below(folder: Path) -> list[str]:
    """List the images below a folder; those that cannot be listed count as none."""
    return walk_images(folder, lambda _error: None)


def entries_of(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of a folder without clutter; none where it may not be read."""
    with contextlib.suppress(PermissionError), os.scandir(folder) as entries:
        yield from (entry for entry in entries if not is_clutter(entry.name))


def is_data(name: str) -> bool:
    return (suffix_of(name) in (*DATA_SUFFIXES, ".npz") and not is_readme(name)) or is_idx(name)


def first_images(folder: Path, count: int) -> list[str]:
    """List some images that lie directly in a folder."""
    return list(itertools.islice((each.name for each in entries_of(folder) if is_image(each.name)), count))
