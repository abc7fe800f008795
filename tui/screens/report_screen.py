"""Dialog of a report that is being built: its progress, then the path to copy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.files.paths import Home
from tui.feeds.reader_thread import start_once
from tui.formatting import plain
from tui.screens.app_port import port_of

PREFIX = "report: "
"""Beginning of a line of progress of `resnet-tui report`."""


def report_command(home: Home, arguments: Sequence[str], out: Path) -> list[str]:
    """Return the command line that builds a report, without the database, which may have a password in it."""
    command = [sys.executable, "-P", "-m", "tui", "report", *arguments, "--out", str(out)]
    return [*command, "--home", str(home.root), "--cache", str(home.cache)]


class ReportScreen(ModalScreen[None]):
    """Dialog; closed, the report is built to its end, and a notification says where it is."""

    BINDINGS = [("y", "copy", "copy the path"), ("escape,q,enter", "dismiss", "back")]

    class Said(Message):
        """Line of progress."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Ended(Message):
        """End of the process: the page, or why there is none."""

        def __init__(self, page: Path | None, problem: str) -> None:
            super().__init__()
            self.page, self.problem = page, problem

    def __init__(self, home: Home, of: str, arguments: Sequence[str], out: Path) -> None:
        """`of`: what the report is of, in words; `arguments` of `resnet-tui report` that name the runs."""
        super().__init__()
        self._home, self._of, self._arguments, self._out = home, plain(of), list(arguments), out
        self._page: Path | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Text(f"Report of {self._of}", style="bold"))
            yield Static("starting …", id="report-says", markup=False)
            yield Static("esc back; it is built to its end", id="report-keys", classes="dim", markup=False)

    def on_mount(self) -> None:
        start_once("report", partial(self._build, self.app), port_of(self).raise_from_thread)

    def _build(self, app: App[object]) -> None:
        """Run `resnet-tui report` and pass on what it says, in a thread."""
        last = ""
        with subprocess.Popen(
            report_command(self._home, self._arguments, self._out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=self._home.environment(),
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                last = line.strip() or last
                if line.startswith(PREFIX):
                    self.post_message(self.Said(line.removeprefix(PREFIX).strip()))
        done = process.returncode == 0
        page = self._out / "report.html" if done else None
        problem = "" if done else plain(last) or f"it ended with exit code {process.returncode}"
        if not self.post_message(self.Ended(page, problem)):  # the dialog was closed
            said = f"report: {page}" if page else f"the report could not be built: {problem}"
            app.notify(said, severity="information" if page else "error", timeout=20)

    def on_report_screen_said(self, message: Said) -> None:
        self.query_one("#report-says", Static).update(f"{plain(message.text)} …")

    def on_report_screen_ended(self, message: Ended) -> None:
        self._page = message.page
        says = self.query_one("#report-says", Static)
        keys = self.query_one("#report-keys", Static)
        if message.page is None:
            says.update(f"✖ {message.problem}")
            keys.update("esc back")
        else:
            says.update(str(message.page))
            keys.update("y copy the path   esc back")

    def action_copy(self) -> None:
        """Copy the page's path to the terminal's clipboard (OSC 52)."""
        if self._page is not None:
            self.app.copy_to_clipboard(str(self._page))
            self.notify(f"copied {self._page}")
