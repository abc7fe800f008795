"""Watch over one thread: what it does that may take long, such as opening a file."""

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

SLOW_EVENTS = (
    "open", "os.listdir", "os.scandir", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.fork",
    "os.posix_spawn", "subprocess.Popen", "sqlite3.connect", "fcntl.flock", "fcntl.lockf", "socket.connect",
)  # fmt: skip
"""Audit events of Python's, https://docs.python.org/3/library/audit_events.html"""
TEXTUAL = f"{os.sep}textual{os.sep}"
SLOW_CALLS = ("fsync", "stat", "lstat", "scandir")
"""Functions of `os` without an audit event, or that `pathlib` calls."""


class LoopGuard:
    """Calls of the watched thread, each with the lines of our code that led there."""

    def __init__(self) -> None:
        self.thread_id: int | None = None
        self.found: list[str] = []
        self._is_hooked = False

    def note(self, what: str) -> None:
        if threading.get_ident() != self.thread_id:
            return
        frames = list(self.frames())
        if any(file.startswith("<frozen importlib") for file, _ in frames):
            return  # a module that is loaded when it is first needed
        ours = [f"{file.rpartition('/')[2]}:{line}" for file, line in frames if "/tui/" in file]
        self.found.append(f"{what} by {' < '.join(ours[:4])}")

    def frames(self) -> Iterator[tuple[str, int]]:
        """File and line of each caller, the innermost first; `traceback` would read the files."""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            yield frame.f_code.co_filename, frame.f_lineno
            frame = frame.f_back

    def hook(self) -> None:
        """Audit hooks stay for the life of the process: there is one for all tests."""
        if not self._is_hooked:
            self._is_hooked = True
            sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.thread_id is not None and event in SLOW_EVENTS:
            self.note(f"{event} {arguments[0] if arguments else ''}")


GUARD = LoopGuard()


@contextmanager
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Watch this thread; gives what it does that may take long."""
    GUARD.hook()
    GUARD.found = []
    with monkeypatch.context() as patch:
        for name in SLOW_CALLS:
            patch.setattr(os, name, _noting(name, getattr(os, name)))
        GUARD.thread_id = threading.get_ident()
        try:
            yield GUARD.found
        finally:
            GUARD.thread_id = None


@contextmanager
def store_watched() -> Iterator[list[str]]:
    """Watch the app's event loop; gives the lines of the app that used a database on it, where each call may wait for
    a network."""
    found: list[str] = []

    def note(*_: object) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return  # another thread, or a test without an app
        frames = list(GUARD.frames())
        if any(TEXTUAL in file for file, _ in frames):  # else the test itself looks
            ours = [f"{file.rpartition('/')[2]}:{line}" for file, line in frames if "/tui/" in file]
            found.append(" < ".join(ours[:6]))

    event.listen(Pool, "checkout", note)
    try:
        yield found
    finally:
        event.remove(Pool, "checkout", note)


def _noting(name: str, call: Any) -> Any:
    def noted(*arguments: Any, **named: Any) -> Any:
        GUARD.note(f"os.{name} {arguments[0] if arguments else ''}")
        return call(*arguments, **named)

    return noted
