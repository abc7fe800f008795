"""Files that are their owner's alone, whatever the umask; laxer ones that are there already are tightened."""

import contextlib
import os
import stat
from pathlib import Path

from engine.files.paths import PRIVATE, Home
from engine.text import tell

OTHERS = stat.S_IRWXG | stat.S_IRWXO
PRIVATE_FOLDER = 0o700


def keep_private() -> None:
    """Nothing that this process makes from now on may be read by others."""
    os.umask(OTHERS)


def secure_home(home: Home) -> None:
    """Make the folders of the runs and of the packed images private; says so where they were not.

    A cache outside the home is left as its owner made it; the files in it are private."""
    for folder in (home.root / "runs", home.cache):
        with contextlib.suppress(OSError):
            if folder.parent == home.root:
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                tighten(folder)


def make_database(path: Path) -> None:
    """Make a SQLite file private before it is first opened: SQLite gives its journals the same permissions."""
    with contextlib.suppress(OSError):
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, PRIVATE))


def secure_database(path: Path) -> None:
    """Make a SQLite file that is known as ours private, and its journals; says so where the file itself was not."""
    with contextlib.suppress(OSError):
        tighten(path)
        for suffix in ("-wal", "-shm", "-journal"):
            _take_from_others(Path(f"{os.path.realpath(path)}{suffix}"))  # of a link they lie beside its file


def tighten(path: Path) -> None:
    """Take others' rights to a file or folder of this user, and say so where they had some."""
    if _take_from_others(path):
        tell(f"{path} could be read by others: it is yours alone now")


def _take_from_others(path: Path) -> bool:
    """Had others any rights to a file or folder of this user?"""
    with contextlib.suppress(FileNotFoundError):
        status = path.stat()
        if status.st_uid == os.geteuid() and status.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)
            return True
    return False


def private_opener(path: str, flags: int) -> int:
    """For `open`: a file that it makes is private."""
    return os.open(path, flags, PRIVATE)
