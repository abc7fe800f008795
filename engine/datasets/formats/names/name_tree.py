"""Image files below a folder, looked up by names as other programs write them.

A name that is no path of a file may still mean one: written with backslashes, in another Unicode form or case, with a
prefix of another machine, without the zeros that a spreadsheet dropped, or in another of several folders. It never
means a file outside a folder that it names and that is here: `cats/1.png` is no reading of a missing `dogs/1.png`."""

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import unquote

from engine.datasets.formats.cells import is_whole, normal
from engine.datasets.formats.names.folder_names import is_masks
from engine.datasets.formats.names.image_names import MEMBER, without_suffix
from engine.datasets.formats.names.walk import Below, look_below

How: TypeAlias = Literal["spelling", "folder", "prefix", "suffix", "number"]
"""Difference between a name and its file's path, the gravest of several:

`spelling` backslashes, Unicode form or case; `folder` its file is in a folder that the name leaves out; `prefix`
folders in front of it that are not here; `suffix` another suffix; `number` the same number, written otherwise."""
GRAVITY: tuple[How, ...] = ("spelling", "folder", "prefix", "suffix", "number")
LOOSE: tuple[How, ...] = ("suffix", "number")
"""Differences that count in the folder alone that a name says, or in those of the other rows' files."""
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))
_DRIVE = re.compile(r"^[A-Za-z]:(?=[/\\])")


@dataclass(frozen=True)
class Reading:
    """File that a name means, as a path relative to the tree's root."""

    file: str
    how: How


@dataclass(frozen=True)
class Readings:
    """Results for names that are no paths of files; a name in neither mapping has no file here."""

    read: Mapping[str, Reading]
    """Files by name, where one file fits; no two names share a file."""
    ambiguous: Mapping[str, tuple[str, ...]]
    """Files by name, where several fit equally well, or where one fits several names."""


class NameTree:
    """All image files below a folder; the folder is walked when the first name is looked up."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @functools.cached_property
    def _below(self) -> Below:
        return look_below(self.root)

    @property
    def files(self) -> Sequence[str]:
        """Paths of all image files, sorted; none where the folder is too large for it."""
        return self._below.images

    @property
    def is_too_large(self) -> bool:
        """True where names are not looked up, because there are too many files."""
        return self._below.is_too_large

    @functools.cached_property
    def _folder_words(self) -> frozenset[str]:
        return frozenset(_key(folder.rpartition("/")[2]) for folder in self._below.folders)

    @functools.cached_property
    def _masks(self) -> frozenset[str]:
        """Folders of masks or thumbnails by their names, with files called like those in other folders."""
        masking = {folder for folder in map(_folder, self.files) if any(map(is_masks, folder.split("/")))}
        plain = (
            {_key(_stem(file)) for file in self.files if _folder(file) not in masking} if masking else set()
        )
        return frozenset(
            folder
            for file in self.files
            if (folder := _folder(file)) in masking and _key(_stem(file)) in plain
        )

    @functools.cached_property
    def _by_stem(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for file in self.files:
            found[_key(without_suffix(file.rpartition("/")[2]))].append(file)
        return found

    @functools.cached_property
    def _by_number(self) -> Mapping[int, list[str]]:
        found: dict[int, list[str]] = defaultdict(list)
        for stem, files in self._by_stem.items():
            if is_whole(stem) and stem.isdecimal():
                found[int(stem)] += files
        return found

    def read(self, names: Sequence[str], taken: Sequence[str] = ()) -> Readings:
        """Look up names that are no paths of files; `taken` are the files that other names mean."""
        read: dict[str, Reading] = {}
        ambiguous: dict[str, tuple[str, ...]] = {}
        users: dict[str, list[str]] = defaultdict(list)
        found = {name: self._candidates(name) for name in dict.fromkeys(names)}
        homes = set(map(_folder, taken))
        homes |= {_folder(files[0]) for files, how in found.values() if len(files) == 1 and how not in LOOSE}
        for name, (candidates, how) in found.items():
            files = [each for each in candidates if how not in LOOSE or self._is_near(name, each, homes)]
            if len(files) == 1:
                read[name] = Reading(files[0], how)
                users[files[0]].append(name)
            elif files:
                ambiguous[name] = tuple(files)
        owned = set(taken)
        for file, rivals in users.items():
            if file in owned or len(rivals) > 1:
                ambiguous |= {name: (file,) for name in rivals}
                for name in rivals:
                    del read[name]
        return Readings(read, ambiguous)

    def named(self, name: str) -> list[str]:
        """List the files with this name, in whatever folder; a name without suffix fits any."""
        base = name.rpartition("/")[2]
        found = self._by_stem.get(_key(without_suffix(base)), [])
        names = [file for file in found if base in (file.rpartition("/")[2], _stem(file))]
        return [file for file in names if _folder(file) not in self._masks]

    def _candidates(self, name: str) -> tuple[list[str], How]:
        """List the files that fit a name best, and how the name differs from them."""
        if not name or "\0" in name or MEMBER.fullmatch(name):
            return [], "spelling"
        *folders, base = self._cut(name)
        stem = without_suffix(base)
        files, how = self._by_stem.get(_key(stem), []), "spelling"
        if not files and stem != without_suffix(stem):  # two suffixes: a.png.jpg
            files = self._by_stem.get(_key(without_suffix(stem)), [])
        if not files and is_whole(stem):
            files, how = self._by_number.get(int(normal(stem)), []), "number"
        files = self._inside(folders, files)
        if not files:
            return [], "spelling"
        scores = {file: _score(folders, base, file) for file in files}
        best = max(scores.values())
        fitting = [file for file, score in scores.items() if score == best]
        return fitting, self._how(folders, base, fitting[0], how)

    def _cut(self, name: str) -> list[str]:
        """Cut a name into folders and file name."""
        parts = _parts(name.removeprefix(f"{self.root}/"))
        if "%" in name and _key(without_suffix(parts[-1])) not in self._by_stem:
            return _parts(unquote(name))  # as in addresses: photo%20of%20cat.jpg
        return parts

    def _inside(self, folders: Sequence[str], files: Sequence[str]) -> list[str]:
        """Keep the files inside all of a name's folders that are here; of masks only those that the name asks for."""
        ours = set(map(_key, folders))
        here = ours & self._folder_words
        return [
            file
            for file in files
            if here <= set(map(_key, file.split("/")[:-1]))
            and (
                _folder(file) not in self._masks
                or ours.issuperset(_key(each) for each in _folder(file).split("/") if is_masks(each))
            )
        ]

    def _is_near(self, name: str, file: str, homes: Collection[str]) -> bool:
        """Return True for a file in the folder that its name says; where none of the name's folders is here, for one in
        a folder that holds other rows' files, if there are such."""
        ours, theirs = [_key(each) for each in self._cut(name)[:-1]], list(map(_key, file.split("/")[:-1]))
        if self._folder_words.isdisjoint(ours):
            return not homes or _folder(file) in homes
        return ours[-len(theirs) :] == theirs

    def _how(self, folders: Sequence[str], base: str, file: str, how: str) -> How:
        """Return the gravest difference between a name and its file."""
        if how == "number":
            return "number"
        *theirs, last = map(_key, file.split("/"))
        if without_suffix(base) != base and _key(base) != last:
            return "suffix"
        ours = [_key(folder) for folder in folders]
        if ours == theirs:
            return "spelling"
        above = [_key(self.root.name), *theirs]
        if ours[-len(above) :] == above:
            return "spelling"  # the path of the data folder itself, here or on another machine
        return "folder" if set(ours) <= set(theirs) else "prefix"


def _score(folders: Sequence[str], base: str, file: str) -> tuple[int, bool, bool]:
    """Rank a file for a name: folders that agree, from the end; the suffix; the case."""
    *theirs, last = file.split("/")
    agreeing = 0
    for ours, other in zip(reversed(folders), reversed(theirs), strict=False):
        if _key(ours) != _key(other):
            break
        agreeing += 1
    is_bare = without_suffix(base) == base
    return agreeing, is_bare or _key(base) == _key(last), base in (last, _stem(last))


def _parts(name: str) -> list[str]:
    """Cut a name into folders and file name, without drive, root, `.` and `..`."""
    path = _DRIVE.sub("", name).replace("\\", "/").translate(_INVISIBLE)
    return [part for part in path.split("/") if part not in ("", ".", "..")] or [""]


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _folder(file: str) -> str:
    return file.rpartition("/")[0]


def _stem(file: str) -> str:
    return without_suffix(file.rpartition("/")[2])
