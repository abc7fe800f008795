"""What lies on the disk: the files of runs and of the cache, by what they are."""

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
"""The key of what lies in the cache to tell one folder's images from another's, of all folders together."""
_PREDICTIONS = ("predictions", "scores", "answer")
LOCKED_SUFFIXES = (".u8", ".json", ".lock", ".note", ".partial")
"""Of packed images: a process that packs them holds their lock."""
_OURS = re.compile(r"(?P<key>[0-9a-f]{24})\.(u8|json|lock|note|partial|sample|hashes)")
"""The cache's files. Whatever else lies there is not ours: the folder may be one that holds other things too."""
_ASIDE = re.compile(r"\.(?P<key>[0-9a-f]{24})\.(json|note|sample|hashes)\.[a-z0-9_]{8}")
"""The same while they are being written (`atomic_path`), or left by a kill."""
ASIDE_S = 3600.0
"""What is written aside takes less; younger files are some process's that is at work."""
TRASH, TRASH_SUFFIX = "trash", ".pruned"
"""The key of the cache's files that `prune` has put aside to delete; what their names, and those of runs, end with."""


@dataclass(frozen=True)
class Stored:
    """A file and its bytes."""

    path: Path
    size: int


@dataclass
class RunUsage:
    """A run's files by kind."""

    run_id: int
    files: dict[str, list[Stored]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def size(self, kind: str | None = None) -> int:
        kinds = KINDS if kind is None else (kind,)
        return sum(stored.size for each in kinds for stored in self.files[each])

    @property
    def trash(self) -> tuple[Stored, ...]:
        """What a `prune` that was killed had put aside."""
        return tuple(stored for stored in self.files[OTHER] if is_trash(stored.path.name))


@dataclass(frozen=True)
class CacheUsage:
    """The files of one set of packed images, or of what else lies in the cache."""

    key: str
    packing: Packing | None
    """Whose images and how; None where that is not known: not finished, or no packed images."""
    images: int | None
    files: tuple[Stored, ...]
    changed_s: float
    """When the newest of the files was written, seconds since 1970."""

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
    """What a file in a run's folder is."""
    if name.endswith(".pt"):
        return CHECKPOINTS
    if name.endswith(".safetensors"):
        return BEST
    return PREDICTIONS if name.startswith(_PREDICTIONS) else OTHER


def trash_of(path: Path) -> Path:
    """What a file is called while it waits to be deleted: a name beside it that nothing reads."""
    return path.with_name(f".{path.name}{TRASH_SUFFIX}")


def is_trash(name: str) -> bool:
    return name.startswith(".") and name.endswith(TRASH_SUFFIX)


def usage_of_runs(home: Home) -> dict[int, RunUsage]:
    """Each run's folder; those of removed runs too."""
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
    """The cache's files by what they belong to; files that are not the cache's are passed over."""
    groups: dict[str, list[Stored]] = {}
    for stored in _files(cache):
        key = _key(stored.path)
        if key is not None:
            groups.setdefault(key, []).append(stored)
    return [_group(cache, key, files) for key, files in sorted(groups.items())]


def _key(path: Path) -> str | None:
    """What a file of the cache belongs to; None for what is not the cache's, or is just being written."""
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
    """What the runs of a grid will write into a home, and what is free there."""
    written = grid_footprint(runs, packed=packed_already(home.cache))
    free, cache = _existing(home.root), _existing(home.cache)
    apart = os.stat(free).st_dev != os.stat(cache).st_dev
    return Room(written, free_bytes(free), free_bytes(cache) if apart else None)


def database_bytes(home: Home) -> int:
    """The run table with its log; 0 where it lies on a server."""
    if home.database_file is None:
        return 0
    path = os.path.realpath(home.database_file)
    return sum(_size(Path(path + suffix)) for suffix in ("", "-wal", "-shm", "-journal"))


def free_bytes(folder: Path) -> int:
    """What is free for this user where the folder is, or will be."""
    return shutil.disk_usage(_existing(folder)).free


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())


def _group(cache: Path, key: str, files: list[Stored]) -> CacheUsage:
    changed_s = max(_changed_s(stored.path) for stored in files)
    packing, images = None, None
    try:
        about = json.loads((cache / f"{key}.json").read_text())
        packing = (
            str(about["root"] or about["kind"]),
            int(about["size_px"]),
            str(about["fit"]),
            str(about["preprocess"]),
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
            continue  # a run is being trained: its files come and go


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
