"""Paths of a home and of its runs, and atomic writing of files."""

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from engine.files.disk_errors import WriteError
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.plugin_name import PluginName, plugin_of
from engine.spec.pretrained import source_kind

DB_VARIABLE = "RESNET_TUI_DB"
DEFAULT_TABLE = "runs.db"
"""File of the run table in a home, where nothing names another database."""
SQLITE_PREFIX = "sqlite:///"
CACHE_VARIABLE = "RESNET_TUI_CACHE"
GPU_CACHE_VARIABLE = "RESNET_TUI_GPU_CACHE"
GPU_CACHE_GIB = 4.0
"""Default limit for packed images kept in the card's memory; it is small because others may use the card too."""
SAMPLE_SUFFIX = ".sample"
"""Suffix of the cache's files that identify the images of a folder (`pixels.samples`)."""
PRIVATE, SHARED = 0o600, 0o644
"""Modes of a run's files, which are the user's alone, and of files for others, such as a report."""


def sqlite_file(url: str) -> Path | None:
    """Return the file that a database URL names; None for a database on a server."""
    return Path(url.removeprefix(SQLITE_PREFIX)) if url.startswith(SQLITE_PREFIX) else None


@dataclass(frozen=True)
class Home:
    """Folder with a user's runs; everything that the program writes is below it."""

    root: Path
    db_url: str
    cache: Path

    @classmethod
    def find(cls, home: Path | None = None, db: str | None = None, cache: Path | None = None) -> "Home":
        """Find the home from the flags, else from environment variables, else take the current folder."""
        root = (home or Path.cwd()).absolute()
        named = db or os.environ.get(DB_VARIABLE) or DEFAULT_TABLE
        url = named if "://" in named else f"{SQLITE_PREFIX}{named}"
        cache_text = os.environ.get(CACHE_VARIABLE)
        folder = cache or (Path(cache_text) if cache_text else None)
        return cls(root, url, folder.absolute() if folder else root / "cache")

    @property
    def database(self) -> str:
        """Return the database's URL with a relative SQLite path resolved against the home."""
        path = self.database_file
        return self.db_url if path is None else f"{SQLITE_PREFIX}{path}"

    @property
    def database_file(self) -> Path | None:
        """Return the file of the run table; None where it is on a server."""
        path = sqlite_file(self.db_url)
        return None if path is None else self.root / path

    def owns(self, path: Path) -> bool:
        """Return True for the run table, the files that SQLite keeps beside it, and all in the folders of runs."""
        found, table = path.resolve(), self.database_file
        tables = [f"{table.resolve()}{end}" for end in ("", "-wal", "-shm", "-journal")] if table else []
        return str(found) in tables or found.is_relative_to((self.root / "runs").resolve())

    def environment(self) -> dict[str, str]:
        """Return the environment for a process of this home.

        It names the database: its URL may hold a password, and command lines are seen by all users of the host."""
        return {**os.environ, DB_VARIABLE: self.database}

    def run(self, run_id: int) -> "RunPaths":
        return RunPaths(self.root / "runs" / str(run_id))

    def resolve(self, path: str) -> Path:
        """Resolve a path of a spec; relative paths start at the home."""
        try:
            return self.root / Path(path).expanduser()
        except RuntimeError:  # ~NAME without a user of that name: an ordinary file name
            return self.root / path

    def stored(self, data: str) -> str:
        """Return a spec's data as they are stored: the name of a built-in set, or a path as `relative` gives it.

        A folder of the home that is called like a built-in set is stored as `./digits`."""
        path = data if data in BUILTIN_DEFAULTS else self.relative(self.resolve(data))
        return f"./{path}" if path in BUILTIN_DEFAULTS and path != data else path

    def stored_arch(self, arch: str) -> str:
        """Return a spec's arch as it is stored: a plug-in's file as a path relative to the home."""
        plugin = plugin_of(arch.strip())
        if plugin is None:
            return arch
        return str(PluginName(self.relative(self.resolve(plugin.path)), plugin.function))

    def stored_weights(self, pretrained: str) -> str:
        """Return a spec's source of weights as it is stored: a word, a run, or a path as `relative` gives it.

        A file of the home that is called like a word is stored as `./imagenet`."""
        if source_kind(pretrained) != "file":
            return pretrained
        path = self.relative(self.resolve(pretrained))
        return path if source_kind(path) == "file" else f"./{path}"

    def relative(self, path: Path) -> str:
        """Return a path as it is stored: relative where it is inside the home, so that the home may move."""
        absolute = Path(os.path.abspath(path))
        return str(absolute.relative_to(self.root)) if absolute.is_relative_to(self.root) else str(absolute)


@dataclass(frozen=True)
class RunPaths:
    """Files of one run."""

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
        """Folder for a new best epoch's files until a checkpoint contains that epoch."""
        return RunPaths(self.folder / "pending")

    @property
    def trained_on(self) -> Path:
        """Record of the images that the weights were trained on, by this run and its ancestors."""
        return self.folder / "trained_on.npz"

    @property
    def answers(self) -> Path:
        return self.folder / "answers.npy"

    @property
    def answer_scores(self) -> Path:
        return self.folder / "answer_scores.npy"

    @property
    def metrics(self) -> Path:
        """Numbers of each epoch as a table, for other programs."""
        return self.folder / "metrics.csv"

    @property
    def profile(self) -> Path:
        """Chrome trace of a few training steps."""
        return self.folder / "profile.json.gz"

    @property
    def bad_images(self) -> Path:
        """List of the images that could not be read, one a line."""
        return self.folder / "bad_images.txt"

    def predictions(self, *, last: bool = False, val: bool = False) -> Path:
        """Table of the test images, or of the val images, with the predictions of the best or of the last epoch."""
        return self.folder / f"predictions{_which(last, val)}.csv"

    def scores(self, *, last: bool = False, val: bool = False) -> Path:
        """Scores of the same images, in the same order."""
        return self.folder / f"scores{_which(last, val)}.npy"


def _which(last: bool, val: bool) -> str:
    return f"{'-val' if val else ''}{'-last' if last else ''}"


def gpu_cache_bytes() -> int:
    """Return the card's memory for packed images, from the worker's `--gpu-cache` or the environment."""
    return int(gibibytes(os.environ.get(GPU_CACHE_VARIABLE) or str(GPU_CACHE_GIB)) * 2**30)


def gibibytes(text: str) -> float:
    """Read a size in GiB. Raises ValueError where the text is not a size."""
    try:
        size = float(text)
    except ValueError:
        size = -1.0
    if not 0 <= size < 2**20:
        raise ValueError(
            f"{text!r} is no size of the card's cache: give GiB, such as {GPU_CACHE_GIB:g}, or 0"
        )
    return size


_ASIDE = re.compile(r"\..+\.[a-z0-9_]{8}")
"""Names of the temporary files of `atomic_path`."""


def sweep_aside(folder: Path) -> None:
    """Delete the temporary files that a killed process left in a run's folder, and no other file with a dot."""
    for left in folder.glob(".*"):
        if _ASIDE.fullmatch(left.name) and left.is_file() and not left.is_symlink():
            with contextlib.suppress(OSError):
                left.unlink()


Fence = Callable[[], AbstractContextManager[object]]
"""Context in which a file is renamed to its place; entering it raises where this process may no longer write."""


@contextlib.contextmanager
def atomic_path(
    path: Path, *, mode: int = PRIVATE, fence: Fence = contextlib.nullcontext, before: Path | None = None
) -> Iterator[Path]:
    """Yield a temporary file beside `path` to write; on exit flush it to disk and, in `fence`, rename it to `path`.

    The old file is renamed to `before` where that is given. After an exception `path` is as it was and the temporary
    file is deleted; an OSError names `path`."""
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
    """Raise an OSError of the temporary file, or one without a file name, as a WriteError that names `path`."""
    try:
        yield
    except OSError as error:
        if error.filename is None or Path(os.fsdecode(error.filename)).name.startswith(f".{path.name}."):
            raise WriteError(error.errno, error.strerror, str(path)) from error
        raise


def write_atomic(
    path: Path,
    content: bytes | Iterable[bytes | memoryview],
    *,
    mode: int = PRIVATE,
    fence: Fence = contextlib.nullcontext,
) -> None:
    """Write a whole content, or its pieces one by one."""
    with atomic_path(path, mode=mode, fence=fence) as aside, aside.open("wb") as file:
        file.writelines([content] if isinstance(content, bytes) else content)


@contextlib.contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder, with those above it, to write into; after an exception those that it made are deleted if empty."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for each in missing:
            with contextlib.suppress(OSError):
                each.rmdir()
        raise


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
