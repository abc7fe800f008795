"""Start of the app in this process, for the program's entry and the command line alike."""

import gc
import sys
from typing import TYPE_CHECKING

from engine.text import print_message
from tui.ascii import locale_named, shows_unicode

if TYPE_CHECKING:
    from engine.files.paths import Home
    from tui.feeds.prefetch import Prefetch

QUIET_S = 1.0
"""Seconds after which a slow start or exit prints what it waits for."""
SWITCH_S = 0.001
"""Seconds after which a thread that computes lets another go on, a fifth of Python's own: a reading thread gives up its
turn at each look into a file, and waited as long for the next one."""
SLOW_FILE = "the run table is slow to open: another process may hold it; waiting up to 30 s"
SLOW_SERVER = "the run table's server has not answered yet: waiting; ctrl+c gives up"
IN_ASCII = "drawn in ASCII, as with --ascii: the locale ({}) is not UTF-8; LC_ALL=C.UTF-8 draws more"


def is_terminal() -> bool:
    """Return True where both input and output are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def run_app(
    home: "Home",
    *,
    readonly: bool = False,
    served: bool = False,
    in_ascii: bool = False,
    prefetched: "Prefetch | None" = None,
) -> int:
    """Run the app until the user quits, again where it asks to be restarted, and return its exit code."""
    from tui.app import ResnetTui
    from tui.leaving import Leaving
    from tui.screens.error_screen import RESTART

    sys.setswitchinterval(SWITCH_S)
    notice = "" if in_ascii or shows_unicode() else IN_ASCII.format(locale_named())
    in_ascii = in_ascii or bool(notice)
    while True:
        app = ResnetTui(
            home,
            readonly=readonly,
            served=served,
            in_ascii=in_ascii,
            notice=notice,
            prefetched=prefetched,
        )
        with Leaving(app):
            app.run()
        if not app.has_written(QUIET_S):
            print_message(
                "resnet-tui: an edit is still being written: another process may hold the run table; waiting up to 30 s"
            )
            app.has_written()
        if app.return_code != RESTART:
            return app.return_code or 0
        prefetched, notice = None, ""


def open_window(home: "Home", *, readonly: bool, in_ascii: bool = False, served: bool = False) -> int | None:
    """Open the app on a home and return its exit code; None where it cannot be opened without saying why."""
    from tui.feeds import prefetch

    try:
        prefetched = prefetch.start(home, create=not readonly)
    except OSError:
        return None
    try:
        return _show(home, prefetched, readonly=readonly, in_ascii=in_ascii, served=served)
    except prefetch.CannotOpen as problem:
        print_message(f"resnet-tui: {problem}")
        return 2
    finally:
        prefetched.cancel()


def _show(
    home: "Home", prefetched: "Prefetch", *, readonly: bool, in_ascii: bool, served: bool
) -> int | None:
    from engine.files.privacy import secure_home
    from tui import app  # noqa: F401  (imported while the other process prefetches)

    if not prefetched.answers_within(QUIET_S):
        print_message(f"resnet-tui: {SLOW_SERVER if home.database_file is None else SLOW_FILE}")
    if not prefetched.has_opened():
        gc.enable()
        return None
    if not readonly:
        secure_home(home)
    return run_app(home, readonly=readonly, served=served, in_ascii=in_ascii, prefetched=prefetched)
