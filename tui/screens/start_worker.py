"""The key that starts a worker, and what becomes of that one."""

import subprocess

from tui import launch
from tui.screens.form_actions import FormActions


class StartActions(FormActions):
    _started: "subprocess.Popen[bytes] | None" = None
    """The worker that was started here, until it shows up in the table or has gone."""

    def action_start_worker(self) -> None:
        if not self.may_write():
            return
        if self.has_worker or self._started is not None:
            self.notify("a worker is there already: it takes the queued runs one after another")
            return
        if warning := launch.logout_warning():
            self.notify(warning, severity="warning", timeout=30, markup=False)
        try:
            self._started = launch.start_worker(self._home)
        except OSError as error:
            self.notify(f"{error.filename}: {error.strerror}", severity="error", markup=False)
            return
        self.notify(f"worker started (process {self._started.pid}): it goes on when you leave")

    def _watch_started(self) -> None:
        """Say why a worker that was started here could not go on."""
        if self._started is None:
            return
        code = self._started.poll()
        if code is not None or self.has_worker:
            self._started = None
        if code:
            self.notify(launch.last_words(self._home), severity="error", timeout=15, markup=False)
