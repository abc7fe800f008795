"""Threads that read outside the event loop, and own their feeds from opening to closing."""

import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Generic, Protocol, TypeVar

from engine.store.answers import answered_at

Q = TypeVar("Q")
V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


def start_once(name: str, job: Callable[[], object], crashed: Callable[[Exception], object]) -> Thread:
    """Start a daemon thread for one job, and pass an unexpected error to `crashed`. Quitting does not wait for it."""

    def run() -> None:
        try:
            job()
        except Exception as error:  # an error here must reach the screen
            crashed(error)

    thread = Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


class ReaderThread(Generic[Q]):
    """Thread that answers only the newest question; older ones that still wait are dropped.

    It is a daemon thread, so that quitting never waits for a slow disk or a locked database."""

    def __init__(
        self,
        name: str,
        answer: Callable[[Q], None],
        crashed: Callable[[Exception], object],
        close: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare the thread; it calls `answer`, `close`, and `crashed` with an unexpected error."""
        self._name, self._answer, self._crashed, self._close = name, answer, crashed, close
        self._questions: SimpleQueue[tuple[Q] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._asked_at: float | None = None
        self._rests_until = 0.0

    @property
    def waits_s(self) -> float:
        """Seconds since the thread began with the answer that it makes now, or since the run table's server answered it
        last; 0 where it makes none."""
        began = self._asked_at
        if began is None:
            return 0.0
        return time.monotonic() - max(began, answered_at(self._thread.ident if self._thread else None))

    @property
    def has_rested(self) -> bool:
        """False where the last answer took longer than has gone by since: who asks by a timer waits, so that a slow
        source is asked half of the time at most."""
        return time.monotonic() >= self._rests_until

    def ask(self, question: Q) -> None:
        self._questions.put((question,))
        if self._thread is None:
            self._thread = Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after its current answer; it calls `close` itself."""
        self._questions.put(None)

    def _run(self) -> None:
        while (newest := self._newest()) is not None:
            began = self._asked_at = time.monotonic()
            try:
                self._answer(*newest)
            except Exception as error:  # an error here must reach the screen
                self._crashed(error)
            self._asked_at, now = None, time.monotonic()
            self._rests_until = now + (now - began)
        self._close()

    def _newest(self) -> tuple[Q] | None:
        """Wait for a question and return the newest; None once the thread is to end."""
        newest = self._questions.get()
        while newest is not None and not self._questions.empty():
            newest = self._questions.get()
        return newest


class PollFeed(Protocol[V_co]):
    """Source of views that are read when something changed."""

    def poll(self) -> V_co | None: ...
    def close(self) -> None: ...


class FeedThread(Generic[V]):
    """Thread that opens a feed, polls it when asked and closes it."""

    def __init__(
        self,
        name: str,
        open_feed: Callable[[], PollFeed[V]],
        taken: Callable[[V], object],
        failed: Callable[[Exception], object],
        crashed: Callable[[Exception], object],
        errors: tuple[type[Exception], ...] = (),
    ) -> None:
        """Pass each new view to `taken`, `errors` to `failed`, and all other errors to `crashed`.

        After one of `errors` the next poll opens the feed again and reads everything."""
        self._open, self._taken, self._failed, self._errors = open_feed, taken, failed, errors
        self._feed: PollFeed[V] | None = None
        self._thread = ReaderThread[None](name, self._poll, crashed, self._close)

    def ask(self) -> None:
        """Poll once more, unless a poll is waiting already."""
        self._thread.ask(None)

    def stop(self) -> None:
        self._thread.stop()

    def _poll(self, _question: None) -> None:
        try:
            if self._feed is None:
                self._feed = self._open()
            view = self._feed.poll()
        except self._errors as error:
            self._close()
            self._failed(error)
        else:
            if view is not None:
                self._taken(view)

    def _close(self) -> None:
        feed, self._feed = self._feed, None
        if feed is not None:
            with suppress(OSError):
                feed.close()
