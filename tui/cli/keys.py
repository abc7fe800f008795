"""`resnet-tui keys`: the app's keys, and the names of their commands in keys.toml."""

from typing import Annotated

import typer
from textual.keys import key_to_character

from tui import commands
from tui.cli.output import print_json
from tui.cli.table import print_table
from tui.formatting import plain
from tui.preferences.key_bindings import clashes, keys_file, read_keys

TYPED = {"slash": "/", "minus": "-", "plus": "+"}
"""Characters that Textual's key names do not give."""


def written(key: str) -> str:
    """Return the character of a Textual key (`?` for `question_mark`), or its name where keys.toml needs the name."""
    character = TYPED.get(key) or key_to_character(key) or ""
    return character if character.isprintable() and character not in ("", " ", ",") else key


SCREENS = dict(
    zip(("home", "run", "compare", "workers", "data", "images", "broken"), commands.TABLES, strict=True)
)


def keys(as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> int:
    """List the app's keys and commands. To change a command's keys, write NAME = "KEY" into keys.toml."""
    found = read_keys(keys_file())
    listed = [
        {
            "screen": screen,
            "command": each.id,
            "keys": [written(key) for key in found.keymap.get(each.id, each.keys).split(",")],
            "does": each.help,
        }
        for screen, table in SCREENS.items()
        for each in table
    ]
    problems = [*found.problems, *clashes(found.keymap)]
    if as_json:
        print_json({"file": str(keys_file()), "keys": listed, "problems": problems})
        return 1 if problems else 0
    rows = [
        [str(each["screen"]), str(each["command"]), ", ".join(each["keys"]), str(each["does"])]
        for each in listed
    ]
    print_table(["screen", "command", "keys", "does"], rows, may_go=["screen"], may_shrink=["does"])
    print(plain(f'write your own into {keys_file()}, such as: cancel_run = "X"'))
    for problem in problems:
        print(plain(f"⚠ {problem}"))
    return 1 if problems else 0
