"""What is remembered of a home between calls, in the user's XDG state folder."""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.files.paths import Home, write_atomic

FORM = "form"
"""The texts of the last new-experiment form that was queued."""
APP = "app"
"""How the app was left."""


@dataclass(frozen=True)
class Manner:
    """How the app looks and behaves for this user; what is not known is as at the first start."""

    theme: str = "resnet-dark"
    sort: str = "queue"
    reverse: bool = False
    tells: bool = False
    """Whether runs that end are told outside the app's window."""
    columns: str = ""
    """Metrics that the run table shows beside its own columns: keys, separated by commas."""


def state_file(home: Home, what: str) -> Path:
    """By the home's run table, so that two homes share nothing."""
    base = os.environ.get("XDG_STATE_HOME") or ""
    folder = Path(base) if os.path.isabs(base) else Path.home() / ".local" / "state"
    digest = hashlib.sha256(home.database.encode(errors="surrogateescape")).hexdigest()[:16]
    return folder / "resnet-tui" / f"{what}-{digest}.json"


def write_state(path: Path, content: Mapping[str, Any]) -> None:
    """Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(path, json.dumps(content).encode())


def read_state(path: Path) -> dict[str, Any]:
    """Empty where nothing is there, or nothing that can be read."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def remember_form(home: Home, texts: Mapping[str, str]) -> None:
    """What cannot be written down is typed again."""
    with contextlib.suppress(OSError):
        write_state(state_file(home, FORM), texts)


def remember_manner(home: Home, manner: Manner) -> None:
    with contextlib.suppress(OSError):
        write_state(state_file(home, APP), asdict(manner))


def last_manner(home: Home) -> Manner:
    content, usual = read_state(state_file(home, APP)), Manner()
    kept = {
        name: content[name]
        for name, value in asdict(usual).items()
        if type(content.get(name)) is type(value)  # another version, or a person, may have written anything
    }
    return Manner(**kept)


def last_form(home: Home) -> dict[str, str]:
    content = read_state(state_file(home, FORM))
    return {name: text for name, text in content.items() if isinstance(text, str)}
