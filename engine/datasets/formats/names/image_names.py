"""Image names of data sets, and the files that belong to them."""

import errno
import os
import posixpath
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from engine.datasets.formats.names.image_files import IMAGE_SUFFIXES, KNOWN_SUFFIXES, is_image
from engine.datasets.formats.names.walk import MAX_FILES, holds
from engine.datasets.formats.problems import DataError

MEMBER = re.compile(
    r"(?P<file>.+(?:\.npz|[-_.][iI][dD][xX]3-[uU][bB][yY][tT][eE](?:\.[gG][zZ])?))#(?P<split>train|val|test)/(?P<row>\d{1,9})"
)
"""Name of an image inside an array file: `retinamnist.npz#test/17`, `t10k-images-idx3-ubyte.gz#test/17`."""
NO_SUCH_FOLDER = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
"""Error numbers of the system for a table's name that leads into no folder, or is too long for one."""


def file_name_of(name: str) -> str:
    """Return the name of the file that contains an image: its own, or that of an array file."""
    member = MEMBER.fullmatch(name)
    return name if member is None else member["file"]


def check_inside(name: str) -> None:
    """Raise DataError for an image name that is empty or leads out of the image folder."""
    if not is_inside(name):
        raise DataError(f"image name {name!r} leads out of the image folder: use names below it")


def is_inside(name: str) -> bool:
    """Return True where a name stays below the image folder; links inside the folder may point anywhere."""
    return bool(name) and not name.startswith("/") and "\0" not in name and ".." not in name.split("/")


def without_suffix(name: str) -> str:
    """Drop the suffix of an image name, so that the name is the same whether or not its file is known."""
    return os.path.splitext(name)[0] if name.lower().endswith(KNOWN_SUFFIXES) else name


def looks_like(cell: str, names: Sequence[str]) -> bool:
    """Return True where a cell differs from one of these names in letters and digits only: `7_left`, `2576_right`."""
    shape = _shape(cell)
    return any(_shape(name) == shape for name in names)


def _shape(name: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", without_suffix(name)))


class Wanted:
    """Names of a table, prepared to be counted in many folders."""

    def __init__(self, names: Sequence[str]) -> None:
        self.plain: Counter[str] = Counter()
        """Count of each name that has neither folder nor a suffix in capitals."""
        self.others: list[str] = []
        """Other names without a folder."""
        self.inner: dict[str, list[str]] = {}
        """Names in folders by the first of these; empty for one such as `./a.png`."""
        for name in names:
            if "/" in name:
                if is_inside(name):
                    first, slash, _ = posixpath.normpath(name).partition("/")
                    self.inner.setdefault(first if slash else "", []).append(name)
            elif os.path.splitext(name)[1].islower() or "." not in name:
                self.plain[name] += 1
            else:
                self.others.append(name)


class Listing:
    """Image files below a folder, looked up by the names that tables use, with or without suffix."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: dict[str, dict[str, str]] = {}
        self._files: dict[str, list[str]] = {}
        self._rivals: dict[str, list[str]] = {}
        self._seen = 0
        self.unreadable: dict[Path, str] = {}
        """Reasons why folders could not be listed, by folder."""

    def find(self, name: str) -> str | None:
        """Find the file of a name, as a path relative to the root.

        Return None where there is no file, and for a name that leads out of the root."""
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

    def count(self, names: "Sequence[str] | Wanted") -> int:
        """Count the names that are files here."""
        wanted = names if isinstance(names, Wanted) else Wanted(names)
        files = self._listed("")
        count = sum(wanted.plain[name] for name in files if name in wanted.plain)
        count += sum(self.find(name) is not None for name in wanted.others)
        for first, each in wanted.inner.items():
            if first == "" or os.path.lexists(self.root / first):
                count += sum(self.find(name) is not None for name in each)
        return count

    def rivals(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Return the files of each name without suffix that fits several; `find` returns the first of them."""
        return {name: self._rivals[name] for name in names if name in self._rivals} if self._rivals else {}

    def unused(self, files: set[str]) -> list[str]:
        """List the image files that are not among `files` but lie in the same folder as one of them."""
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
        """List the image files of a folder; directories, pipes and broken links are none, whatever their names."""
        names = []
        try:
            with os.scandir(self.root / folder) as entries:
                for entry in entries:
                    self._seen += 1
                    if self._seen > MAX_FILES:
                        raise DataError(
                            f"{self.root} holds over {MAX_FILES:,} files: give the folder of the images itself"
                        )
                    if is_image(entry.name) and holds(entry.is_file):
                        names.append(entry.name)
        except OSError as error:
            if error.errno not in NO_SUCH_FOLDER:
                self.unreadable[self.root / folder] = str(error.strerror)
            return []
        return names

    def _has_member(self, member: re.Match[str]) -> bool:
        from engine.datasets.formats.array_files import array_length

        path = self.root / member["file"]
        return os.path.isfile(path) and int(member["row"]) < array_length(path, member["split"])


def _suffix_rank(name: str) -> tuple[int, str]:
    return IMAGE_SUFFIXES.index(f".{name.rpartition('.')[2].lower()}"), name
