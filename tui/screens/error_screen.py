"""Screen of an error of the program's own: its text, to be copied, and the way out. Training goes on meanwhile."""

import os
import sys
import traceback
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.files.paths import Home
from engine.files.privacy import private_opener
from tui import commands
from tui.formatting import plain
from tui.screens.full_screen import CommandScreen, Handlers

FILE = "app-errors.log"
RESTART = 85
"""Exit code of an app that is to be restarted."""
SCROLL_LINES = 3


def described(error: BaseException) -> str:
    """Write versions and traceback: what a report of it needs."""
    try:
        ours = version("resnet-tui")
    except PackageNotFoundError:
        ours = "not installed"
    trace = "".join(traceback.format_exception(error))
    return f"resnet-tui {ours}, textual {version('textual')}, Python {sys.version.split()[0]}\n{trace}"


def log_of(home: Home) -> Path:
    return home.root / "runs" / FILE


def write_down(home: Home, error: BaseException) -> None:
    """Append the error to the home's log of such errors. Raises OSError."""
    path = log_of(home)
    os.makedirs(path.parent, exist_ok=True)
    with open(path, "a", opener=private_opener, encoding="utf-8", errors="replace") as log:
        log.write(f"{described(error)}\n")


class BrokenScreen(CommandScreen[None]):
    """Error of the program's own. The screen below may be dead: from here one restarts the app, or quits."""

    TABLE = commands.BROKEN
    BINDINGS = commands.bindings(TABLE)
    REVEALED_AFTER_S = 0.01

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._text = described(error)
        self._word = plain(f"{type(error).__name__}: {error}")

    def handlers(self) -> Handlers:
        return {
            "copy_error": self._copy,
            "restart": partial(self.app.exit, return_code=RESTART),
            "scroll_down": partial(self._scroll, SCROLL_LINES),
            "scroll_up": partial(self._scroll, -SCROLL_LINES),
            "quit": partial(self.app.exit, return_code=1),
        }

    def compose(self) -> ComposeResult:
        yield Static(
            Text("resnet-tui has an error of its own. Training goes on.", style="bold"), id="broken-head"
        )
        yield Static(Text(self._word), id="broken-word")
        with VerticalScroll(id="broken-pane", can_focus=False):
            yield Static(Text("\n".join(map(plain, self._text.splitlines())), style="dim"), id="broken-text")
        yield self.footer()

    def on_mount(self) -> None:
        self.query_one("#broken-pane", VerticalScroll).scroll_end(animate=False)

    def _copy(self) -> None:
        self.app.copy_to_clipboard(self._text)
        self.notify("copied: paste it into a report of this error")

    def _scroll(self, by: int) -> None:
        self.query_one("#broken-pane", VerticalScroll).scroll_relative(y=by, animate=False)
