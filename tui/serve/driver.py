"""Textual's driver for browsers, also where the app is started again in its window, and where the server goes away."""

import os
from functools import partial
from typing import Any

from textual import messages
from textual.app import App
from textual.drivers.web_driver import WebDriver

READY = b"__GANGLION__\n"
"""Line with which the driver's output begins; packets follow."""


class ServedDriver(WebDriver):
    """Driver whose input and output are pipes to the server. Their end is the app's: nobody could see it any more."""

    has_begun = False
    """True once this process has written READY: an app that is started again goes on with packets."""

    def __init__(self, app: App[Any], **more: Any) -> None:
        super().__init__(app, **more)
        self._is_lost = False
        self._write = partial(self._write_out)  # all that the driver writes goes through it

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._lose()

    def write(self, data: str) -> None:
        super().write(data.encode(errors="replace").decode())  # a name that is not UTF-8 must not end the app

    def _write_out(self, data: bytes) -> int:
        if data == READY:
            if ServedDriver.has_begun:
                return len(data)
            ServedDriver.has_begun = True
        if not self._is_lost:
            try:
                return os.write(self.fileno, data)
            except BrokenPipeError:
                self._lose()
        return len(data)

    def _lose(self) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._app.post_message(messages.ExitApp())
