"""A program in a real pseudo-terminal, its screen kept by a terminal emulator."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pyte
from waiting import LIMIT_S, until

MODE = re.compile(rb"\x1b\[\?(\d+)([hl])")


class Terminal:
    """Runs a command at a size; `text` is what a person would see now."""

    def __init__(
        self,
        command: list[str],
        *,
        columns: int,
        lines: int,
        cwd: Path,
        environment: Mapping[str, str | None] | None = None,
    ) -> None:
        """`environment`: variables beside this process's; None takes one out."""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._written = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        usual = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        # pytest-xdist's would count for more than the terminal's size.
        size: dict[str, str | None] = dict.fromkeys(("COLUMNS", "LINES"))
        wanted = {**os.environ, **usual, **size, **(environment or {})}
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={name: value for name, value in wanted.items() if value is not None},
            start_new_session=True,
            preexec_fn=lambda: _take_terminal(slave),
        )
        os.close(slave)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the program has closed its side
            while chunk := os.read(self._master, 65536):
                with self._lock:
                    self._written += chunk
                    self._stream.feed(chunk)

    @property
    def text(self) -> str:
        with self._lock:
            return "\n".join(self._screen.display)

    @property
    def modes(self) -> set[int]:
        """Private modes that are on, as 1049 (alternate screen), 1000 (mouse), 2004 (pastes) and 25 (cursor)."""
        with self._lock:
            last = dict(MODE.findall(self._written))
        return {int(mode) for mode, turned in last.items() if turned == b"h"}

    @property
    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def resize(self, columns: int, lines: int) -> None:
        with self._lock:
            self._screen.resize(lines, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def line_with(self, part: str) -> str:
        """The first line of the screen that holds `part`, or nothing."""
        return next((line for line in self.text.splitlines() if part in line), "")

    def send(self, keys: str | bytes) -> None:
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

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
    """The terminal becomes the session's; the program is told when it closes, also under `nohup`, and of an interrupt,
    also where the tests run in a shell's background."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
