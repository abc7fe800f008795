"""User's key bindings: a TOML file of lines such as `cancel_run = "X"`."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from textual.keys import Keys as NamedKeys

from tui import commands
from tui.formatting import plain

FILE = Path("resnet-tui") / "keys.toml"
NEEDED = ("help", "leave", "quit")
"""Commands that keep their default keys beside the user's, so that nobody gets stuck."""


@dataclass(frozen=True)
class Keys:
    """Valid bindings of the file, by command; each problem is one line that says what to do."""

    keymap: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def keys_file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or ""
    return (Path(base) if os.path.isabs(base) else Path.home() / ".config") / FILE


def read_keys(path: Path) -> Keys:
    """Read the key bindings of a file; none where there is no file."""
    try:
        content = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return Keys()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Keys({}, (plain(f"{path}: {error}: all keys are at their defaults"),))
    known = {command.id for table in commands.TABLES for command in table}
    keymap: dict[str, str] = {}
    problems: list[str] = []
    for name, keys in content.items():
        if name not in known:
            problems.append(plain(f"{path}: unknown command {name!r}: resnet-tui keys lists them"))
            continue
        parts = [part.strip() for part in keys.split(",")] if isinstance(keys, str) else [""]
        if not all(map(is_key, parts)):
            problems.append(
                plain(f'{path}: {name} needs keys as text, such as "X" or "ctrl+k,f2", not {keys!r}')
            )
            continue
        default = next(command.keys for table in commands.TABLES for command in table if command.id == name)
        keymap[name] = ",".join([*parts, *(default.split(",") if name in NEEDED else [])])
    return Keys(keymap, tuple(problems))


def is_key(text: str) -> bool:
    """Return True for a character or a key name of Textual, with ctrl+, shift+ or alt+ before it."""
    *modifiers, key = text.split("+") if len(text) > 1 else [text]
    usual = {key for table in commands.TABLES for each in table for key in each.keys.split(",")}
    known = {key.value for key in NamedKeys} | usual
    return set(modifiers) <= {"ctrl", "shift", "alt"} and (
        len(key) == 1 and key.isprintable() or key in known
    )


def clashes(keymap: Mapping[str, str]) -> list[str]:
    """Return a line for each key that two commands of one screen share, where the user bound one of them."""
    found = []
    for table in commands.TABLES:
        taken: dict[str, commands.Command] = {}
        for command in table:
            for key in keymap.get(command.id, command.keys).split(","):
                other = taken.setdefault(key, command)
                is_ours = command.id in keymap or other.id in keymap
                if other is not command and is_ours and not (command.on_page and other.on_page):
                    found.append(
                        f"{key} is bound to both {other.id} and {command.id}: give one of them another key"
                    )
    return list(dict.fromkeys(found))
