"""Program in a real pseudo-terminal whose output is kept with its times, and looked at afterwards by an emulator."""

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
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pyte

QUIET_S = 1.0
"""Output that pauses for so long has ended a frame."""
NOT_OURS = ("COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE")
"""Variables that are not passed on: sizes of this terminal, and what keeps a program from being compiled."""
CLOCK = re.compile(r"\d\d:\d\d(:\d\d)?")
TICK_S = os.sysconf("SC_CLK_TCK") ** -1


@dataclass(frozen=True)
class Chunk:
    at: float
    content: bytes


class Watched:
    """Runs a command at a size and reads all that it writes."""

    def __init__(
        self, command: list[str], *, columns: int, lines: int, cwd: Path, environment: Mapping[str, str]
    ) -> None:
        self.columns, self.lines = columns, lines
        self.chunks: list[Chunk] = []
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        plain = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**plain, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environment},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        with contextlib.suppress(OSError):
            os.close(self._master)

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the program has closed its side
            while content := os.read(self._master, 1 << 20):
                self.chunks.append(Chunk(time.perf_counter(), content))

    def send(self, keys: str) -> float:
        """Send keys, and return the time at which they were sent."""
        now = time.perf_counter()
        os.write(self._master, keys.encode())
        return now

    def until_quiet(self, quiet_s: float = QUIET_S, timeout_s: float = 30.0) -> None:
        deadline = time.perf_counter() + timeout_s
        while time.perf_counter() < deadline:
            newest = self.chunks[-1].at if self.chunks else time.perf_counter()
            if time.perf_counter() - newest > quiet_s:
                return
            time.sleep(0.02)

    def core_seconds(self) -> float:
        """Processor time of the command and of all that it has started."""
        total = 0
        for place in Path("/proc").iterdir():
            if place.name.isdecimal():
                with contextlib.suppress(OSError, IndexError):
                    fields = (place / "stat").read_text().rpartition(")")[2].split()
                    if int(fields[3]) == self.process.pid:  # its session
                        total += int(fields[11]) + int(fields[12])
        return total * TICK_S

    def screens(self) -> Iterator[tuple[Chunk, pyte.Screen]]:
        """Yield the screen after each chunk; the screen is the same object, changed."""
        screen = pyte.Screen(self.columns, self.lines)
        stream = pyte.ByteStream(screen)
        for chunk in list(self.chunks):
            stream.feed(chunk.content)
            yield chunk, screen


def first_frame(watched: Watched) -> tuple[float, int]:
    """Seconds and bytes until all was on the screen that stayed there, but for the clock."""
    *_, (_, last) = watched.screens()
    final = shown(last)
    count = 0
    for chunk, screen in watched.screens():
        count += len(chunk.content)
        if shown(screen) == final:
            return chunk.at - watched.began, count
    raise AssertionError("the last screen was never shown")


def when(watched: Watched, asked: list[float], tells: Callable[[pyte.Screen], object]) -> list[float | None]:
    """For each time at which something was asked: seconds until what `tells` gives of the screen had changed; None
    where it had not before the next was asked."""
    found: list[float | None] = [None] * len(asked)
    place, before = -1, None
    for chunk, screen in watched.screens():
        while place + 1 < len(asked) and chunk.at >= asked[place + 1]:
            place += 1
        now = tells(screen)
        if place >= 0 and now != before and found[place] is None:
            found[place] = chunk.at - asked[place]
        before = now
    return found


def shown(screen: pyte.Screen) -> str:
    """Return the text on the screen, without the time of day."""
    return CLOCK.sub("", "\n".join(screen.display))
