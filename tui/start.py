"""Entry of the program: opens the app directly where no verb is given, else runs the command line."""

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.streams import open_streams, written_out

if TYPE_CHECKING:
    from tui.completion.kept_tree import Tree

PLACES = ("home", "db", "cache")
SWITCHES = ("readonly", "ascii")
INTERRUPTED = 130
VARIABLE = "_RESNET_TUI_COMPLETE"
"""Environment variable with which a shell's script asks for completions; its value is the shell."""


def main() -> None:
    """Run the program. Garbage collection is off during imports, because modules are never freed."""
    gc.disable()
    open_streams()
    try:
        code = _run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(written_out(code))


def _run() -> int:
    if shell := os.environ.get(VARIABLE):
        from tui.completion.answer import answer

        return answer(shell, sys.argv[1:], _described)
    flags = only_flags(sys.argv[1:])
    if flags is not None and (code := _open_app(flags)) is not None:
        return code
    from tui.cli import run

    gc.freeze()
    gc.enable()
    return run(sys.argv[1:])


def _described() -> "Tree":
    """Describe all verbs and flags; it imports them."""
    from tui.cli import described_verbs

    return described_verbs()


def only_flags(arguments: Sequence[str]) -> dict[str, str] | None:
    """Return the app's own flags with their values; None where there is anything else, a flag without its value, or one
    twice."""
    flags: dict[str, str] = {}
    left = list(arguments)
    while left:
        flag, has_value, value = left.pop(0).partition("=")
        name = flag[2:] if flag.startswith("--") else ""
        if name in flags:
            return None
        if name in PLACES and (has_value or left):
            flags[name] = value if has_value else left.pop(0)
        elif name in SWITCHES and not has_value:
            flags[name] = name
        else:
            return None
    return flags


def _open_app(flags: dict[str, str]) -> int | None:
    """Return the app's exit code; None where it cannot be opened; the command line then prints why."""
    from engine.files.paths import Home
    from tui.open_app import is_terminal, open_window

    try:
        folder, cache = (Path(flags[name]) if name in flags else None for name in ("home", "cache"))
        home = Home.find(folder, flags.get("db"), cache)
        if not (is_terminal() and home.root.is_dir()):
            return None
    except OSError:
        return None
    return open_window(home, readonly="readonly" in flags, in_ascii="ascii" in flags)
