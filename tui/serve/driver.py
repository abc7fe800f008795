"""Textual's driver for browsers, also where the server goes away."""

from collections.abc import Callable

from textual import messages
from textual.drivers.web_driver import WebDriver


class ServedDriver(WebDriver):
    """Driver whose input and output are pipes to the server. Their end is the app's: nobody could see it any more."""

    _is_lost = False

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._lose()

    def _lose(self) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._app.post_message(messages.ExitApp())

    def _reach(self, write: Callable[[], None]) -> None:
        if not self._is_lost:
            try:
                write()
            except BrokenPipeError:
                self._lose()

    def write(self, data: str) -> None:
        # A name that is not UTF-8 must not end the app.
        shown = data.encode(errors="replace").decode()
        self._reach(lambda: super(ServedDriver, self).write(shown))

    def write_meta(self, data: dict[str, object]) -> None:
        self._reach(lambda: super(ServedDriver, self).write_meta(data))
