"""Entry of the program: opens the app directly where no verb is given, else runs the command line."""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.text import print_message
from tui.streams import open_streams, written_out

if TYPE_CHECKING:
    from engine.files.paths import Home
    from tui.feeds.prefetch import Prefetch

PLACES = ("home", "db", "cache")
SWITCHES = ("readonly", "ascii")
INTERRUPTED = 130


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
    flags = only_flags(sys.argv[1:])
    if flags is not None and (code := _open_app(flags)) is not None:
        return code
    from tui.cli import run

    gc.freeze()
    gc.enable()
    return run(sys.argv[1:])


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
    from tui.feeds import prefetch
    from tui.open_app import is_terminal

    try:
        folder, cache = (Path(flags[name]) if name in flags else None for name in ("home", "cache"))
        home = Home.find(folder, flags.get("db"), cache)
        if not (is_terminal() and home.root.is_dir()):
            return None
        prefetched = prefetch.start(home, create="readonly" not in flags)
    except OSError:
        return None
    try:
        return _show(home, flags, prefetched)
    except prefetch.CannotOpen as problem:
        print_message(f"resnet-tui: {problem}")
        return 2
    finally:
        prefetched.cancel()


def _show(home: "Home", flags: dict[str, str], prefetched: "Prefetch") -> int | None:
    from engine.files.privacy import secure_home
    from tui import app  # noqa: F401  (imported while the other process prefetches)
    from tui.open_app import QUIET_S, run_app

    if not prefetched.answers_within(QUIET_S):
        print_message(
            "resnet-tui: the run table is slow to open: another process may hold it; waiting up to 30 s"
        )
    if not prefetched.has_opened():
        gc.enable()
        return None
    readonly = "readonly" in flags
    if not readonly:
        secure_home(home)
    return run_app(home, readonly=readonly, in_ascii="ascii" in flags, prefetched=prefetched)
