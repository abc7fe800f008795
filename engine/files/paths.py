"""Where everything of a home and of a run lies, and how a file is written so that it is whole or absent."""

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from engine.files.disk_errors import WriteError
from engine.spec.constants import BUILTIN_DEFAULTS, PRETRAINED_WORDS, RUN_PREFIX

DB_VARIABLE = "RESNET_TUI_DB"
SQLITE_PREFIX = "sqlite:///"
CACHE_VARIABLE = "RESNET_TUI_CACHE"
GPU_CACHE_VARIABLE = "RESNET_TUI_GPU_CACHE"
GPU_CACHE_GIB = 4.0
"""How large a set of packed images is kept on the card unless the user says more: the card is shared."""
SAMPLE_SUFFIX = ".sample"
"""In the cache: what tells one folder's images from another's."""
PRIVATE, SHARED = 0o600, 0o644
"""A run's files are the user's alone; what is made to be handed on may be read by others."""


def sqlite_file(url: str) -> Path | None:
    """The file that a database URL names; None for a database on a server."""
    return Path(url.removeprefix(SQLITE_PREFIX)) if url.startswith(SQLITE_PREFIX) else None


@dataclass(frozen=True)
class Home:
    """The folder that holds a user's runs; everything the program writes lies below it."""

    root: Path
    db_url: str
    cache: Path

    @classmethod
    def find(cls, home: Path | None = None, db: str | None = None, cache: Path | None = None) -> "Home":
        """The home that flags, else environment variables, else the current folder name."""
        root = (home or Path.cwd()).absolute()
        url = db or os.environ.get(DB_VARIABLE) or f"{SQLITE_PREFIX}runs.db"
        cache_text = os.environ.get(CACHE_VARIABLE)
        folder = cache or (Path(cache_text) if cache_text else None)
        return cls(root, url, folder.absolute() if folder else root / "cache")

    @property
    def database(self) -> str:
        """The database's URL with a relative SQLite path resolved against the home."""
        path = self.database_file
        return self.db_url if path is None else f"{SQLITE_PREFIX}{path}"

    @property
    def database_file(self) -> Path | None:
        """The file of the run table; None where it lies on a server."""
        path = sqlite_file(self.db_url)
        return None if path is None else self.root / path

    def run(self, run_id: int) -> "RunPaths":
        return RunPaths(self.root / "runs" / str(run_id))

    def resolve(self, path: str) -> Path:
        """A path of a spec: relative ones start at the home."""
        try:
            return self.root / Path(path).expanduser()
        except RuntimeError:  # ~somebody who is not there: a name like any other
            return self.root / path

    def stored(self, data: str) -> str:
        """A spec's data as it is stored: a built-in set's name, or a path from the home."""
        return data if data in BUILTIN_DEFAULTS else self.relative(self.resolve(data))

    def relative(self, path: Path) -> str:
        """A path as it is stored: relative where it lies inside the home, so that the home may move."""
        absolute = Path(os.path.abspath(path))
        return str(absolute.relative_to(self.root)) if absolute.is_relative_to(self.root) else str(absolute)


@dataclass(frozen=True)
class RunPaths:
    """The files of one run."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    @property
    def last(self) -> Path:
        return self.folder / "last.pt"

    @property
    def last_before(self) -> Path:
        return self.folder / "last-before.pt"

    @property
    def best(self) -> Path:
        return self.folder / "best.safetensors"

    @property
    def pending(self) -> "RunPaths":
        """Where a new best epoch's files wait until a checkpoint knows that epoch."""
        return RunPaths(self.folder / "pending")

    @property
    def trained_on(self) -> Path:
        """Which images the weights have been trained on, by this run and its ancestors."""
        return self.folder / "trained_on.npz"

    @property
    def answers(self) -> Path:
        return self.folder / "answers.npy"

    @property
    def answer_scores(self) -> Path:
        return self.folder / "answer_scores.npy"

    @property
    def bad_images(self) -> Path:
        """The images that could not be read, a line each."""
        return self.folder / "bad_images.txt"

    def predictions(self, *, last: bool = False) -> Path:
        return self.folder / f"predictions{'-last' if last else ''}.csv"

    def scores(self, *, last: bool = False) -> Path:
        return self.folder / f"scores{'-last' if last else ''}.npy"


def gpu_cache_bytes() -> int:
    """How much of the card packed images may take: what the worker's `--gpu-cache` or the environment says."""
    return int(gibibytes(os.environ.get(GPU_CACHE_VARIABLE) or str(GPU_CACHE_GIB)) * 2**30)


def gibibytes(text: str) -> float:
    """Raises ValueError where it is no size."""
    try:
        size = float(text)
    except ValueError:
        size = -1.0
    if not 0 <= size < 2**20:
        raise ValueError(
            f"{text!r} is no size of the card's cache: give GiB, such as {GPU_CACHE_GIB:g}, or 0"
        )
    return size


def missing_weights(home: Home, pretrained: str) -> str | None:
    """What is wrong with a spec's `pretrained` where it names a file; None for the words and for run:ID."""
    if pretrained in PRETRAINED_WORDS or pretrained.startswith(RUN_PREFIX):
        return None
    path = home.resolve(pretrained)
    if not os.path.isfile(path):
        return f"there is no weights file {pretrained}: give one, or {', '.join(PRETRAINED_WORDS)}, run:ID"
    return None


_ASIDE = re.compile(r"\..+\.[a-z0-9_]{8}")
"""As atomic_path calls them."""


def sweep_aside(folder: Path) -> None:
    """Remove what a killed process was writing aside in a run's folder, and nothing else that begins with a dot."""
    for left in folder.glob(".*"):
        if _ASIDE.fullmatch(left.name) and left.is_file() and not left.is_symlink():
            with contextlib.suppress(OSError):
                left.unlink()


Fence = Callable[[], AbstractContextManager[object]]
"""What a file takes its place under: entering it raises where this process may no longer write."""


@contextlib.contextmanager
def atomic_path(
    path: Path, *, mode: int = PRIVATE, fence: Fence = contextlib.nullcontext, before: Path | None = None
) -> Iterator[Path]:
    """A file beside `path` to write; on leaving it is flushed to disk and, inside the fence, takes `path`'s place;
    the file that was there goes to `before`.

    After an exception `path` is as it was and nothing is left behind; an OSError names `path`."""
    with _named(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        aside = Path(name)
        try:
            yield aside
            aside.chmod(mode)
            with aside.open("rb+") as written:
                os.fsync(written.fileno())
            with fence():
                if before is not None and path.exists():
                    os.replace(path, before)
                os.replace(aside, path)
        except BaseException:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """An OSError of a file aside, or without a name, gets the name that a user knows."""
    try:
        yield
    except OSError as error:
        if error.filename is None or Path(os.fsdecode(error.filename)).name.startswith(f".{path.name}."):
            raise WriteError(error.errno, error.strerror, str(path)) from error
        raise


def write_atomic(
    path: Path, content: bytes, *, mode: int = PRIVATE, fence: Fence = contextlib.nullcontext
) -> None:
    with atomic_path(path, mode=mode, fence=fence) as aside:
        aside.write_bytes(content)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
