"""A program in a real pseudo-terminal, its screen kept by a terminal emulator."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable
from pathlib import Path

import pyte
from waiting import LIMIT_S, until


class Terminal:
    """Runs a command at a size; `text` is what a person would see now."""

    def __init__(self, command: list[str], *, columns: int, lines: int, cwd: Path) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        # pytest-xdist's would count for more than the terminal's size.
        for name in ("COLUMNS", "LINES"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: _take_terminal(slave),
        )
        os.close(slave)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the program has closed its side
            while chunk := os.read(self._master, 65536):
                with self._lock:
                    self._stream.feed(chunk)

    @property
    def text(self) -> str:
        with self._lock:
            return "\n".join(self._screen.display)

    def line_with(self, part: str) -> str:
        """The first line of the screen that holds `part`, or nothing."""
        return next((line for line in self.text.splitlines() if part in line), "")

    def send(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def until_shows(self, part: str, *, timeout_s: float = LIMIT_S) -> None:
        self.until(lambda: part in self.text, timeout_s=timeout_s, what=f"{part!r} on the screen")

    def until(self, condition: Callable[[], object], *, timeout_s: float = LIMIT_S, what: str) -> None:
        """Wait for a condition on the screen; a failure shows the screen as it is then."""
        until(condition, timeout_s=timeout_s, what=what, seen=lambda: self.text)

    def break_off(self) -> None:
        """Close the terminal, as a broken connection does, and wait until the program has gone."""
        os.close(self._master)
        self.process.wait(timeout=LIMIT_S)

    def end(self) -> None:
        """Kill what is still there."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def _take_terminal(slave: int) -> None:
    """The terminal becomes the session's, and the program is told when it closes, also under `nohup`."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
