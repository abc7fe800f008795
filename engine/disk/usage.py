"""Disk usage: files of runs and of the cache, by kind."""

import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.disk.footprint import Images, Packing, Room, grid_footprint
from engine.files.paths import SAMPLE_SUFFIX, Home
from engine.spec.run_spec import RunSpec

CHECKPOINTS, BEST, PREDICTIONS, OTHER = "checkpoints", "best", "predictions", "other"
KINDS = (CHECKPOINTS, BEST, PREDICTIONS, OTHER)
SAMPLES = "samples"
"""Key of the cache's files that identify the images of folders, of all folders together."""
_PREDICTIONS = ("predictions", "scores", "answer")
LOCKED_SUFFIXES = (".u8", ".json", ".lock", ".note", ".partial")
"""Suffixes of packed images; the process that packs them holds their lock."""
_OURS = re.compile(r"(?P<key>[0-9a-f]{24})\.(u8|json|lock|note|partial|sample|hashes)")
"""Names of the cache's files. Other files are ignored, because the folder may hold files of other programs."""
_ASIDE = re.compile(r"\.(?P<key>[0-9a-f]{24})\.(json|note|sample|hashes)\.[a-z0-9_]{8}")
"""Names of their temporary files (`atomic_path`), which are being written or were left by a kill."""
ASIDE_S = 3600.0
"""Age from which a temporary file counts as left by a kill; writing one takes less."""
TRASH, TRASH_SUFFIX = "trash", ".pruned"
"""Key of the cache's files that `prune` has put aside for deletion; suffix of these files, in the cache and in runs."""


@dataclass(frozen=True)
class Stored:
    """File and its size in bytes."""

    path: Path
    size: int


@dataclass
class RunUsage:
    """Files of a run by kind."""

    run_id: int
    files: dict[str, list[Stored]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def size(self, kind: str | None = None) -> int:
        kinds = KINDS if kind is None else (kind,)
        return sum(stored.size for each in kinds for stored in self.files[each])

    @property
    def trash(self) -> tuple[Stored, ...]:
        """Files that a killed `prune` had put aside."""
        return tuple(stored for stored in self.files[OTHER] if is_trash(stored.path.name))


@dataclass(frozen=True)
class CacheUsage:
    """Files of one set of packed images, or of another part of the cache."""

    key: str
    packing: Packing | None
    """Images that are packed, and how; None where unknown: packing not finished, or not packed images."""
    images: int | None
    files: tuple[Stored, ...]
    changed_s: float
    """Time of the newest file's last change, in seconds since 1970."""

    @property
    def size(self) -> int:
        return sum(stored.size for stored in self.files)

    @property
    def what(self) -> str:
        if self.packing is not None:
            return f"packed images of {self.packing[0]} at {self.packing[1]} px"
        said = {SAMPLES: "notes on which images lie where", TRASH: "what an interrupted prune left"}
        return said.get(self.key, self.key)


def kind_of(name: str) -> str:
    """Return the kind of a file in a run's folder."""
    if name.endswith(".pt"):
        return CHECKPOINTS
    if name.endswith(".safetensors"):
        return BEST
    return PREDICTIONS if name.startswith(_PREDICTIONS) else OTHER


def trash_of(path: Path) -> Path:
    """Return the name, beside the file, that it has while it waits to be deleted; no run reads such a name."""
    return path.with_name(f".{path.name}{TRASH_SUFFIX}")


def is_trash(name: str) -> bool:
    return name.startswith(".") and name.endswith(TRASH_SUFFIX)


def usage_of_runs(home: Home) -> dict[int, RunUsage]:
    """List the files of each run's folder, including folders of removed runs."""
    found = {}
    for folder in _entries(home.root / "runs"):
        if folder.name.isdecimal() and folder.is_dir(follow_symlinks=False):
            usage = RunUsage(int(folder.name))
            places = [Path(folder.path), home.run(int(folder.name)).pending.folder]
            for stored in (stored for place in places for stored in _files(place)):
                usage.files[kind_of(stored.path.name)].append(stored)
            found[usage.run_id] = usage
    return dict(sorted(found.items()))


def usage_of_cache(cache: Path) -> list[CacheUsage]:
    """Group the cache's files by the data that they belong to; files of other programs are ignored."""
    groups: dict[str, list[Stored]] = {}
    for stored in _files(cache):
        key = _key(stored.path)
        if key is not None:
            groups.setdefault(key, []).append(stored)
    return [_group(cache, key, files) for key, files in sorted(groups.items())]


def _key(path: Path) -> str | None:
    """Return the group of a file in the cache; None for files of other programs and files being written."""
    if is_trash(path.name):
        inner = path.name[1:].removesuffix(TRASH_SUFFIX)
        return TRASH if _OURS.fullmatch(inner) or _ASIDE.fullmatch(inner) else None
    found, aside = _OURS.fullmatch(path.name), _ASIDE.fullmatch(path.name)
    if aside is not None and time.time() - _changed_s(path) < ASIDE_S:
        return None
    ours = found or aside
    if ours is None:
        return None
    return SAMPLES if SAMPLE_SUFFIX in path.name else ours["key"]


def packed_already(cache: Path) -> frozenset[Packing]:
    return frozenset(each.packing for each in usage_of_cache(cache) if each.packing is not None)


def room_for(home: Home, runs: Iterable[tuple[RunSpec, Images | None]]) -> Room:
    """Estimate the files that the runs of a grid will write into a home, and the free space there."""
    written = grid_footprint(runs, packed=packed_already(home.cache))
    free, cache = _existing(home.root), _existing(home.cache)
    apart = os.stat(free).st_dev != os.stat(cache).st_dev
    return Room(written, free_bytes(free), free_bytes(cache) if apart else None)


def database_bytes(home: Home) -> int:
    """Return the size of the run table with its journals; 0 where it is on a server."""
    if home.database_file is None:
        return 0
    path = os.path.realpath(home.database_file)
    return sum(_size(Path(path + suffix)) for suffix in ("", "-wal", "-shm", "-journal"))


def free_bytes(folder: Path) -> int:
    """Return the free space for this user on the disk of the folder, which may not exist yet."""
    return shutil.disk_usage(_existing(folder)).free


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())


def _group(cache: Path, key: str, files: list[Stored]) -> CacheUsage:
    changed_s = max(_changed_s(stored.path) for stored in files)
    packing, images = None, None
    try:
        about = json.loads((cache / f"{key}.json").read_text(encoding="utf-8"))
        packing = (
            str(about["root"] or about["kind"]),
            int(about["size_px"]),
            str(about["fit"]),
            str(about["preprocess"]),
            str(about.get("resize", "bicubic")),
        )
        images = int(about["images"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return CacheUsage(key, packing, images, tuple(files), changed_s)


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        return


def _files(folder: Path) -> Iterator[Stored]:
    for entry in _entries(folder):
        try:
            if entry.is_file(follow_symlinks=False):
                yield Stored(Path(entry.path), entry.stat(follow_symlinks=False).st_size)
        except FileNotFoundError:
            continue  # files come and go while a run trains


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _changed_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
