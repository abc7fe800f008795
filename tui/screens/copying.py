"""Keys that copy what identifies a run to the terminal's clipboard (OSC 52)."""

import shlex
from functools import partial

from textual.app import App

from engine.files.paths import Home
from tui.feeds.reader_thread import start_once
from tui.screens.full_screen import Handlers
from tui.screens.runs_screen import RunsScreen
from tui.store_calls import Refused, stored_runs


class CopyActions:
    """Copies numbers, folders and command lines of the chosen runs."""

    def __init__(self, screen: RunsScreen) -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        return {"copy_id": self.copy_id, "copy_path": self.copy_path, "copy_command": self.copy_command}

    def copy_id(self) -> None:
        self._copy(" ".join(str(row.id) for row in self._screen.chosen_rows()))

    def copy_path(self) -> None:
        home = self._screen.port.home
        folders = [str(home.run(row.id).folder) for row in self._screen.chosen_rows()]
        self._copy(folders[0] if len(folders) == 1 else shlex.join(folders))

    def copy_command(self) -> None:
        port, run_ids = self._screen.port, [row.id for row in self._screen.chosen_rows()]
        read = partial(self._read_commands, self._screen.app, port.home, run_ids)
        start_once("commands to copy", read, port.raise_from_thread)

    def _read_commands(self, app: App[object], home: Home, run_ids: list[int]) -> None:
        from tui.forms.add_command import add_commands  # knows the form, which the app starts without

        try:
            runs = stored_runs(home, run_ids)
        except Refused as error:
            app.notify(str(error), severity="error")
            return
        sweeps = {run.sweep for run in runs}
        sweep = next(iter(sweeps)) if len(sweeps) == 1 else ""
        lines = add_commands(((run.spec, run.name) for run in runs), sweep)
        app.call_later(self._copy, "\n".join(lines))

    def _copy(self, text: str) -> None:
        if text:
            self._screen.app.copy_to_clipboard(text)
            first, *more = text.splitlines()
            self._screen.notify(f"copied {first}" + (f" and {len(more)} more" if more else ""))
