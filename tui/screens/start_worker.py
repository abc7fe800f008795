"""Key that starts a worker, and what becomes of that worker."""

import subprocess
from collections.abc import Callable
from threading import Thread

from engine.hardware import worker_start
from tui.feeds.jobs_feed import STARTING
from tui.feeds.reader_thread import start_once
from tui.screens.runs_screen import RunsScreen

LOOK_S = 0.5
"""Seconds between two looks whether the worker has shown up, or has ended."""
THERE = "a worker is there already: it takes the queued runs one after another"


class WorkerStarter:
    """Starts a worker in a thread, which follows it until it shows up in the run table or has ended."""

    def __init__(self, screen: RunsScreen, crashed: Callable[[Exception], object]) -> None:
        self._screen, self._crashed = screen, crashed
        self._thread: Thread | None = None

    @property
    def words(self) -> str:
        """Return what is said of workers to come; empty where none was started."""
        return STARTING if self._is_following and not self._screen.has_worker else ""

    @property
    def _is_following(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        if self._screen.has_worker or self._is_following:
            self._screen.notify(THERE)
            return
        self._thread = start_once("start worker", self._start_and_follow, self._crashed)

    def _start_and_follow(self) -> None:
        home = self._screen.port.home
        warning = worker_start.logout_warning()
        try:
            worker = worker_start.start_worker(home)
        except OSError as error:
            self._screen.notify(f"{error.filename}: {error.strerror}", severity="error")
            return
        started = f"worker started (process {worker.pid})"
        if warning:
            self._screen.notify(f"{started}: {warning}", severity="warning")
        else:
            self._screen.notify(f"{started}: it keeps running after you quit")
        code = None
        while code is None and not self._screen.has_worker:
            try:
                code = worker.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                continue
        if code:
            self._screen.notify(worker_start.last_words(home), severity="error")
