"""The program's entry: straight to the app where no verb is given, else to the command line."""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path

PLACES = ("home", "db", "cache")
SWITCHES = ("readonly", "ascii")


def main() -> None:
    """Open the program. Modules that are loaded stay: no time is spent on looking for garbage among them."""
    gc.disable()
    if (flags := only_flags(sys.argv[1:])) is not None and (code := _open_app(flags)) is not None:
        sys.exit(code)
    from tui.cli import main as run

    gc.freeze()
    gc.enable()
    run()


def only_flags(arguments: Sequence[str]) -> dict[str, str] | None:
    """The app's own flags and their values; None where anything else is asked, or asked wrongly."""
    flags: dict[str, str] = {}
    left = list(arguments)
    while left:
        flag, has_value, value = left.pop(0).partition("=")
        name = flag[2:] if flag.startswith("--") else ""
        if name in PLACES and (has_value or left):
            flags[name] = value if has_value else left.pop(0)
        elif name in SWITCHES and not has_value:
            flags[name] = name
        else:
            return None
    return flags


def _open_app(flags: dict[str, str]) -> int | None:
    """The app's exit code. None where it cannot be opened: the command line says why."""
    from engine.paths import Home
    from tui.feeds import first_look

    try:
        folder, cache = (Path(flags[name]) if name in flags else None for name in ("home", "cache"))
        home, readonly = Home.find(folder, flags.get("db"), cache), "readonly" in flags
        if not (sys.stdin.isatty() and sys.stdout.isatty() and home.root.is_dir()):
            return None
        looking = first_look.begin(home, create=not readonly)
    except OSError:
        return None
    from engine.private import secure_home
    from tui.app import run_app

    gc.freeze()
    gc.enable()
    try:
        if not looking.has_opened():
            looking.look()
            return None
    except KeyboardInterrupt:
        return 130
    if not readonly:
        secure_home(home)
    return run_app(home, readonly=readonly, in_ascii="ascii" in flags, looking=looking)
