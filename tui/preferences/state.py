"""State of a home that is kept between starts, in the user's XDG state folder."""

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
"""Texts of the last new-experiment form that was queued."""
FIRST_CHART = "accuracy"
"""Chart that Home shows at the first start."""
APP = "app"
"""Preferences at the last exit of the app."""


@dataclass(frozen=True)
class Preferences:
    """Look and behaviour of the app for this user; the defaults are those of the first start."""

    theme: str = "resnet-dark"
    sort: str = "queue"
    reverse: bool = False
    tells: bool = False
    """Notify outside the app's window when runs end."""
    columns: str = ""
    """Columns of the run table that the user chose, as `views.table_choice` reads them."""
    grouped: bool = False
    """Fold the runs into groups."""
    group_by: str = "repetitions"
    """Basis of the groups: repetitions, a column or a setting."""
    table_alone: bool = False
    """The run table takes the whole window."""
    table_width: int = 0
    """Share of the width that the run table has beside the detail, in thousandths; 0 for the usual one."""
    table_height: int = 0
    """Share of the height that it has above the detail, in a narrow window."""
    wraps_log: bool = True
    """Break long lines of a run's log."""
    smoothing: int = 0
    """Strength of the smoothing of curves: place in `SMOOTHING` of `tui/views/smoothing.py`."""
    chart: str = FIRST_CHART
    """Chart of the highlighted run: key of one of the catalogue's."""
    hidden_charts: str = ""
    """Charts that a run's and compared curves do not show: keys, separated by commas."""
    opened: str = ""
    """Groups whose members are shown: keys, separated by commas, the newest last."""

    pinned: str = ""
    """Runs that stay on top of the table: ids, separated by commas, the one that was pinned last at the end."""

    @property
    def pins(self) -> tuple[int, ...]:
        """Return the pinned runs, in the order in which they were pinned."""
        return tuple(int(each) for each in self.pinned.split(",") if each.isdecimal())

    @property
    def charts_hidden(self) -> frozenset[str]:
        """Return the keys of the hidden charts."""
        return frozenset(self.hidden_charts.split(","))

    @property
    def groups(self) -> str:
        """Return what groups are made by; empty where runs are not folded."""
        return self.group_by if self.grouped else ""


def state_file(home: Home, what: str) -> Path:
    """Return the file of one kind of state. Its name has a digest of the run table's URL: homes share nothing."""
    base = os.environ.get("XDG_STATE_HOME") or ""
    folder = Path(base) if os.path.isabs(base) else Path.home() / ".local" / "state"
    digest = hashlib.sha256(home.database.encode(errors="surrogateescape")).hexdigest()[:16]
    return folder / "resnet-tui" / f"{what}-{digest}.json"


def write_state(path: Path, content: Mapping[str, Any]) -> None:
    """Write a state file and flush it to the disk. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(path, json.dumps(content).encode())


def read_state(path: Path) -> dict[str, Any]:
    """Read a state file; empty where it is missing or unreadable."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def remember_form(home: Home, texts: Mapping[str, str]) -> None:
    """Keep the texts of a form, for the next one to start from. Failing to write them is no error."""
    with contextlib.suppress(OSError):
        write_state(state_file(home, FORM), texts)


def save_preferences(home: Home, preferences: Preferences) -> None:
    """Keep preferences for the next start. Failing to write them is no error."""
    with contextlib.suppress(OSError):
        write_state(state_file(home, APP), asdict(preferences))


def load_preferences(home: Home) -> Preferences:
    """Read the preferences; those that are missing or of another type are at their defaults."""
    content, defaults = read_state(state_file(home, APP)), Preferences()
    kept = {
        name: content[name]
        for name, value in asdict(defaults).items()
        if type(content.get(name)) is type(value)  # another version, or a person, may have written anything
    }
    return Preferences(**kept)


def last_form(home: Home) -> dict[str, str]:
    """Read the texts of the last form that was queued; empty where there was none."""
    content = read_state(state_file(home, FORM))
    return {name: text for name, text in content.items() if isinstance(text, str)}
