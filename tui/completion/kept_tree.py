"""Description of all verbs and flags, kept in the user's cache: making it takes as long as the whole command line."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.files.paths import write_atomic

ROOT = Path(__file__).parents[2]
ROOMS = ("engine", "tui")
"""Packages below ROOT whose code decides what there is to complete."""

Tree = dict[str, Any]
"""Description of a verb: `help`, `flags`, `arguments` and its own `verbs`; `tui/cli/described.py` makes it."""


def kept_tree(make: Callable[[], Tree]) -> Tree:
    """Return the description that is kept; make and keep it where it is missing or the code has changed since."""
    file, fingerprint = _file(), _fingerprint()
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(kept, dict) and kept.get("fingerprint") == fingerprint:
            return dict(kept["tree"])
    tree = make()
    with contextlib.suppress(OSError):  # without a cache it is made each time
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(file, json.dumps({"fingerprint": fingerprint, "tree": tree}).encode())
    return tree


def _file() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or ""
    folder = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    return folder / "resnet-tui" / "completion.json"


def _fingerprint() -> str:
    """Hash the places, times and sizes of all files of code; it takes some milliseconds."""
    found = hashlib.sha256()
    for room in ROOMS:
        for folder, folders, names in os.walk(ROOT / room):
            folders.sort()
            for name in sorted(names):
                if name.endswith(".py"):
                    path = os.path.join(folder, name)
                    status = os.stat(path)
                    found.update(f"{path}\0{status.st_mtime_ns}\0{status.st_size}\n".encode(errors="replace"))
    return found.hexdigest()
