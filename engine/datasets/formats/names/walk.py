"""Walk of a folder of images, past what systems and programs leave there."""

import itertools
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.names.image_files import is_image
from engine.datasets.formats.problems import DataError

MAX_FILES = 2_000_000
MAX_LOOKED = 200_000
"""Number of entries below a folder up to which names are looked up in all folders."""
_CLUTTER = frozenset(
    (
        "@eadir", "@tmp", "@recycle", "@recently-snapshot", "@sharesnap", "@sharebin", "@__thumb", "#recycle",
        "#snapshot", "~snapshot", "$recycle.bin", "$recycle", "system volume information",
        "lost+found", "network trash folder", "temporary items", "thedb", "__macosx", "__pycache__", "_gsdata_",
        "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "found.000", "@transcode", "files_trashbin",
        "files_versions", "thevolumesettingsfolder", "thefindbycontentfolder", "node_modules",
    )
)  # fmt: skip
"""Names, in lower case, of what network disks, Windows, macOS, file systems and programs keep for themselves: recycle
bins, snapshots, thumbnails. Words that people use, such as `recycled`, are none: they may be classes."""
_README = re.compile(
    r"readme.*|(?:licen[cs]es?|copying|notices?|requirements)(?:[-_ ](?:mit|bsd|gpl|apache|cc|dev|\d)[-\w.]*)?"
    r"(?:\.[a-z]+)*"
)


def is_clutter(name: str) -> bool:
    """Return True for a folder or file that is not the user's: hidden, a recycle bin, thumbnails of a network disk."""
    return name.startswith(".") or name.lower() in _CLUTTER


def is_readme(name: str) -> bool:
    """Return True for a text that people put beside data, and that is no part of them."""
    return _README.fullmatch(name.lower()) is not None


def subfolders(folder: Path) -> list[Path]:
    """List the folders in a folder without clutter, sorted by name; none where it may not be read."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(each.name for each in entries if not is_clutter(each.name) and holds(each.is_dir))
    except PermissionError:
        return []
    return [folder / name for name in names]


def holds(asked: Callable[[], bool]) -> bool:
    """Ask a folder's entry for its type; a link to itself is no file, like a broken link."""
    try:
        return asked()
    except OSError:
        return False


def walk_images(
    top: Path, failed: Callable[[DataError], None] | None = None, others: list[str] | None = None
) -> list[str]:
    """List all image files below a folder, as sorted paths relative to it; add the other files to `others`.

    Links to folders are followed; a folder with several names is listed once, under the first of them. Clutter is
    passed over. Raises DataError for a folder that cannot be listed; where `failed` is given, calls it with the error
    and continues."""
    found: list[str] = []
    seen: set[tuple[int, int]] = set()
    waiting, count = [""], 0
    while waiting:
        folder = waiting.pop()
        try:
            entries = _entries(top / folder, seen)
        except OSError as error:
            problem = DataError(f"{top / folder} cannot be read: {error.strerror}")
            if failed is None:
                raise problem from None
            failed(problem)
            continue
        count += len(entries)
        if count > MAX_FILES:
            raise DataError(f"{top} holds over {MAX_FILES:,} files: give the folder of the images itself")
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if holds(entry.is_dir):
                waiting += [] if is_clutter(entry.name) else [path]
            elif is_image(entry.name):
                found += [path] if holds(entry.is_file) else []
            elif others is not None and not is_clutter(entry.name):
                others.append(path)
    return sorted(found)


@dataclass(frozen=True)
class Below:
    """Images and folders below a folder, as sorted paths relative to it; none where there are too many."""

    images: Sequence[str] = ()
    folders: Sequence[str] = ()
    is_too_large: bool = False


def look_below(top: Path) -> Below:
    """List the images and folders below a folder, unless there are over MAX_LOOKED entries.

    Links are followed, but not those to a folder that holds this one, such as `/`."""
    seen = {(status.st_dev, status.st_ino) for status in map(os.stat, top.resolve().parents)}
    images: list[str] = []
    folders: list[str] = []
    waiting, count = [""], 0
    while waiting:
        folder = waiting.pop()
        try:
            entries = _entries(top / folder, seen, MAX_LOOKED)
        except OSError:
            continue
        count += len(entries)
        if count > MAX_LOOKED:
            return Below(is_too_large=True)
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if holds(entry.is_dir):
                waiting += [] if is_clutter(entry.name) else [path]
            elif is_image(entry.name) and holds(entry.is_file):
                images.append(path)
        folders += [folder] if folder else []
    return Below(sorted(images), sorted(folders))


def holds_images(top: Path) -> bool:
    """Return True where there is an image in a folder or below it; what cannot be listed holds none."""
    seen: set[tuple[int, int]] = set()
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            entries = _entries(folder, seen)
        except OSError:
            continue
        if any(is_image(entry.name) and holds(entry.is_file) for entry in entries):
            return True
        waiting += [
            folder / each.name for each in entries if holds(each.is_dir) and not is_clutter(each.name)
        ]
    return False


def _entries(folder: Path, seen: set[tuple[int, int]], most: int = MAX_FILES) -> list[os.DirEntry[str]]:
    """List the entries of a folder, at most one over `most`, in reverse order; none where it was seen before."""
    status = os.stat(folder)
    if (status.st_dev, status.st_ino) in seen:
        return []
    seen.add((status.st_dev, status.st_ino))
    with os.scandir(folder) as opened:
        first = itertools.islice(opened, most + 1)
        return sorted(first, key=lambda entry: entry.name, reverse=True)
