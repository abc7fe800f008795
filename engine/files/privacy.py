"""Private files: only their owner may read them, whatever the umask; existing files are tightened."""

import contextlib
import os
import stat
from pathlib import Path

from engine.files.paths import PRIVATE, Home
from engine.text import print_message

OTHERS = stat.S_IRWXG | stat.S_IRWXO
PRIVATE_FOLDER = 0o700


def keep_private() -> None:
    """Make all files that this process creates from now on private."""
    os.umask(OTHERS)


def secure_home(home: Home) -> None:
    """Make the folders of the runs and of the packed images private; print a message where they were not.

    A cache outside the home keeps its permissions; the files in it are private."""
    for folder in (home.root / "runs", home.cache):
        with contextlib.suppress(OSError):
            if folder.parent == home.root:
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                tighten(folder)


def make_database(path: Path) -> None:
    """Create a SQLite file as a private one before it is first opened; SQLite gives its journals the same mode."""
    with contextlib.suppress(OSError):
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, PRIVATE))


def secure_database(path: Path) -> None:
    """Make a SQLite file of this program and its journals private; print a message where the file was not."""
    with contextlib.suppress(OSError):
        tighten(path)
        for suffix in ("-wal", "-shm", "-journal"):
            # Where the path is a link, the journals lie beside the file that it points to.
            _take_from_others(Path(f"{os.path.realpath(path)}{suffix}"))


def tighten(path: Path) -> None:
    """Remove others' permissions on a file or folder of this user; print a message where there were some."""
    if _take_from_others(path):
        print_message(f"{path} could be read by others: it is yours alone now")


def _take_from_others(path: Path) -> bool:
    """Remove others' permissions on a file or folder of this user; return True where there were some."""
    with contextlib.suppress(FileNotFoundError):
        status = path.stat()
        if status.st_uid == os.geteuid() and status.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)
            return True
    return False


def private_opener(path: str, flags: int) -> int:
    """Open a file for `open(opener=…)` so that a new file is private."""
    return os.open(path, flags, PRIVATE)
