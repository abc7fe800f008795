"""Image names as data sets write them, and the files that they mean."""

import errno
import itertools
import os
import posixpath
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.datasets.formats.problems import DataError

IMAGE_SUFFIXES = (".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp", ".bmp")
MAX_FILES = 2_000_000
MEMBER = re.compile(r"(?P<file>.+\.npz)#(?P<split>train|val|test)/(?P<row>\d{1,9})")
"""An image inside an array file: `retinamnist.npz#test/17`."""
NO_SUCH_FOLDER = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
"""What the system says of names of tables that lead into no folder; a name may be longer than it takes."""


def is_image(name: str) -> bool:
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")


def check_inside(name: str) -> None:
    """Raise DataError for an image name that is empty or leads out of the image folder."""
    if not is_inside(name):
        raise DataError(f"image name {name!r} leads out of the image folder: use names below it")


def is_inside(name: str) -> bool:
    """Does a name stay below the image folder? What a link inside the folder points to is its owner's choice."""
    return bool(name) and not name.startswith("/") and "\0" not in name and ".." not in name.split("/")


def without_suffix(name: str) -> str:
    """What an image is called whether or not its file is there to show the suffix."""
    return os.path.splitext(name)[0] if name.lower().endswith(IMAGE_SUFFIXES) else name


def looks_like(cell: str, names: Sequence[str]) -> bool:
    """Is a cell built as one of these names is, but for which letters and digits: `7_left` as `2576_right`?"""
    shape = _shape(cell)
    return any(_shape(name) == shape for name in names)


def _shape(name: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", without_suffix(name)))


class Listing:
    """The image files below a folder, looked up by the names that tables use: with and without suffix."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: dict[str, dict[str, str]] = {}
        self._files: dict[str, list[str]] = {}
        self._rivals: dict[str, list[str]] = {}
        self._seen = 0
        self.unreadable: dict[Path, str] = {}
        """Folders that could not be listed, and why."""

    def find(self, name: str) -> str | None:
        """The file that a name means, as a path below the root; None for no file and for a name that leads
        out of the root."""
        return self._listed("").get(name) or self._find(name)

    def _find(self, name: str) -> str | None:
        if "/" not in name and not self._listed(""):
            return None
        if not is_inside(name):
            return None
        folder = ""
        if "/" in name:
            if member := MEMBER.fullmatch(name):
                return name if self._has_member(member) else None
            folder, name = posixpath.split(posixpath.normpath(name))
        stem, suffix = os.path.splitext(name)
        files = self._listed(folder)
        return files.get(name) or files.get(stem + suffix.lower())

    def count(self, names: Sequence[str]) -> int:
        """How many of the names are files here."""
        files = self._listed("")
        if not files:
            names = [name for name in names if "/" in name]
        return sum(1 for name in names if name in files or self._find(name) is not None)

    def rivals(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Names without suffix that several files bear, with these files; `find` gives the first."""
        return {name: self._rivals[name] for name in names if name in self._rivals} if self._rivals else {}

    def unused(self, files: set[str]) -> list[str]:
        """Image files that are not among `files` although they lie beside one of them."""
        beside = {file.rpartition("/")[0] for file in files}
        return sorted(each for folder in beside for each in self._files.get(folder, ()) if each not in files)

    def _listed(self, folder: str) -> dict[str, str]:
        if folder not in self._folders:
            names = sorted(self._image_names(folder), key=_suffix_rank)
            prefix = f"{folder}/" if folder else ""
            by_name: dict[str, str] = {}
            for name in names:
                stem, _, suffix = name.rpartition(".")
                if (rival := by_name.setdefault(stem, prefix + name)) != prefix + name:
                    self._rivals.setdefault(prefix + stem, [rival]).append(prefix + name)
                by_name.setdefault(f"{stem}.{suffix.lower()}", prefix + name)
            by_name |= {name: prefix + name for name in names}
            self._folders[folder] = by_name
            self._files[folder] = [prefix + name for name in names]
        return self._folders[folder]

    def _image_names(self, folder: str) -> list[str]:
        """Directories, pipes and links to nothing are no images, whatever their names."""
        names = []
        try:
            with os.scandir(self.root / folder) as entries:
                for entry in entries:
                    self._seen += 1
                    if self._seen > MAX_FILES:
                        raise DataError(
                            f"{self.root} holds over {MAX_FILES:,} files: give the folder of the images itself"
                        )
                    if is_image(entry.name) and _holds(entry.is_file):
                        names.append(entry.name)
        except OSError as error:
            if error.errno not in NO_SUCH_FOLDER:
                self.unreadable[self.root / folder] = str(error.strerror)
            return []
        return names

    def _has_member(self, member: re.Match[str]) -> bool:
        from engine.datasets.formats.npz import npz_lengths

        path = self.root / member["file"]
        return os.path.isfile(path) and int(member["row"]) < npz_lengths(path).get(member["split"], 0)


def _holds(asked: Callable[[], bool]) -> bool:
    """What a folder's entry says of itself; a link that leads to itself, as one to nothing, is no file."""
    try:
        return asked()
    except OSError:
        return False


def _suffix_rank(name: str) -> tuple[int, str]:
    return IMAGE_SUFFIXES.index(f".{name.rpartition('.')[2].lower()}"), name


class Places:
    """The folders in which a table's images may lie: `images` if given, else the table's folder and its
    subfolders or, where none of these has any, theirs."""

    def __init__(self, folder: Path, images: Path | None = None) -> None:
        self.folder = folder
        self._near = [Listing(images)] if images else [Listing(folder), *map(Listing, _subfolders(folder))]
        self._far: list[Listing] | None = [] if images else None

    def best(self, names: Sequence[str]) -> tuple[Listing, list[Listing]]:
        """The place where most names are files, and others that hold as many."""
        counted = [(listing.count(names), listing) for listing in self._near]
        if names and not any(count for count, _ in counted):
            counted += [(listing.count(names), listing) for listing in self._deeper()]
        most = max(count for count, _ in counted)
        best, *others = [listing for count, listing in counted if count == most]
        return best, others if most else []

    def find(self, name: str) -> Path | None:
        """The file that a name means, in whichever of the places; they are asked in turn, the last one that had a
        file first."""
        for listing in [*self._near, *self._deeper()]:
            if (file := listing.find(name)) is not None:
                if listing in self._near:
                    self._near.remove(listing)
                    self._near.insert(0, listing)
                return listing.root / file
        return None

    @property
    def unreadable(self) -> dict[Path, str]:
        """The folders that could not be listed, and why."""
        found: dict[Path, str] = {}
        for listing in [*self._near, *(self._far or [])]:
            found |= listing.unreadable
        return found

    def _deeper(self) -> list[Listing]:
        if self._far is None:
            folders = [listing.root for listing in self._near[1:]]
            self._far = [Listing(inner) for folder in folders for inner in _subfolders(folder)]
        return self._far


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.name[0] != "." and entry.is_dir())
    except PermissionError:
        return []


def walk_images(top: Path, failed: Callable[[DataError], None] | None = None) -> list[str]:
    """All image files below a folder as sorted paths from it; links to folders are followed, each folder once, by
    the first of its names. Raises DataError for a folder that cannot be listed, or tells `failed` and goes on."""
    found: list[str] = []
    seen: set[tuple[int, int]] = set()
    waiting, count = [""], 0
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(top / folder)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(top / folder) as opened:
                first = itertools.islice(opened, MAX_FILES + 1)
                entries = sorted(first, key=lambda entry: entry.name, reverse=True)
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
            if _holds(entry.is_dir):
                waiting += [] if entry.name.startswith(".") else [path]
            elif is_image(entry.name) and _holds(entry.is_file):
                found.append(path)
    return sorted(found)
