"""Keys of the user's own for commands: a TOML file of lines like `cancel_run = "X"`."""

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
"""Commands that keep their usual keys beside the new ones: without them one could get nowhere."""


@dataclass(frozen=True)
class Keys:
    """Keys of the file, and its problems, each one line that says what to do."""

    keymap: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def keys_file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or ""
    return (Path(base) if os.path.isabs(base) else Path.home() / ".config") / FILE


def read_keys(path: Path) -> Keys:
    """Read the file of keys; without a file there are none."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
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
    """Accept a character, or a name that Textual has, with ctrl+, shift+ or alt+ before it."""
    *modifiers, key = text.split("+") if len(text) > 1 else [text]
    usual = {key for table in commands.TABLES for each in table for key in each.keys.split(",")}
    known = {key.value for key in NamedKeys} | usual
    return set(modifiers) <= {"ctrl", "shift", "alt"} and (
        len(key) == 1 and key.isprintable() or key in known
    )


def clashes(keymap: Mapping[str, str]) -> list[str]:
    """Say which keys two commands of one screen would share, where the user gave one of them."""
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
