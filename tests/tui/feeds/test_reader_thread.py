"""Threads that answer the newest question, and feeds that live in one thread from opening to closing."""

import threading

from waiting import until

from tui.feeds.reader_thread import FeedThread, ReaderThread, start_once


def never(error: Exception) -> None:
    raise AssertionError("it crashed") from error


def test_the_newest_question_is_answered_by_one_thread_alone() -> None:
    may_answer, is_busy = threading.Event(), threading.Event()
    answered: list[tuple[int, int]] = []

    def answer(question: int) -> None:
        is_busy.set()
        may_answer.wait(60)
        answered.append((question, threading.get_ident()))

    reader = ReaderThread[int]("reader", answer, never)
    reader.ask(1)
    is_busy.wait(60)
    for question in (2, 3, 4):
        reader.ask(question)
    may_answer.set()
    until(lambda: len(answered) == 2)
    assert [question for question, _ in answered] == [1, 4]
    assert len({thread for _, thread in answered}) == 1 and answered[0][1] != threading.get_ident()
    reader.stop()


def test_one_job_has_a_thread_that_quitting_does_not_wait_for_and_its_error_is_handed_on() -> None:
    errors: list[Exception] = []
    thread = start_once("job", lambda: 1 // 0, errors.append)
    thread.join(60)
    assert thread.daemon and not thread.is_alive() and isinstance(errors[0], ZeroDivisionError)


def test_an_error_of_the_programs_own_is_handed_on_and_the_thread_goes_on() -> None:
    errors: list[Exception] = []
    answered: list[int] = []

    def answer(question: int) -> None:
        answered.append(1 // question)

    reader = ReaderThread[int]("reader", answer, errors.append)
    reader.ask(0)
    until(lambda: errors)
    reader.ask(1)
    until(lambda: answered)
    assert isinstance(errors[0], ZeroDivisionError)
    reader.stop()


class Numbers:
    """A feed that notes which threads use it."""

    def __init__(self, threads: set[int], views: list[int | None | Exception]) -> None:
        self.threads, self.views, self.is_closed = threads, views, False
        self.threads.add(threading.get_ident())

    def poll(self) -> int | None:
        assert not self.is_closed
        self.threads.add(threading.get_ident())
        view = self.views.pop(0)
        if isinstance(view, Exception):
            raise view
        return view

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.is_closed = True


def test_a_feed_is_opened_polled_and_closed_by_one_thread() -> None:
    threads: set[int] = set()
    views: list[int | None | Exception] = [1, None, OSError("locked"), 4]
    feeds: list[Numbers] = []
    taken: list[int] = []
    failed: list[Exception] = []

    def open_feed() -> Numbers:
        feeds.append(Numbers(threads, views))
        return feeds[-1]

    thread = FeedThread[int]("feed", open_feed, taken.append, failed.append, never, (OSError,))
    for left in (3, 2, 1):
        thread.ask()
        until(lambda left=left: len(views) == left)  # type: ignore[misc]
    until(lambda: failed)
    assert taken == [1] and feeds[0].is_closed
    thread.ask()
    until(lambda: taken == [1, 4])
    assert len(feeds) == 2, "a feed that failed is opened again"
    thread.stop()
    until(lambda: feeds[1].is_closed)
    assert len(threads) == 1 and threading.get_ident() not in threads


def test_a_feed_that_is_stopped_in_mid_poll_is_closed_after_the_poll() -> None:
    is_polling, may_end = threading.Event(), threading.Event()

    class Slow:
        is_closed = False

        def poll(self) -> None:
            is_polling.set()
            may_end.wait(60)
            assert not self.is_closed

        def close(self) -> None:
            self.is_closed = True

    slow = Slow()
    crashed: list[Exception] = []
    thread = FeedThread[int]("slow", lambda: slow, never, never, crashed.append)  # type: ignore[arg-type]
    thread.ask()
    is_polling.wait(60)
    thread.stop()
    assert not slow.is_closed
    may_end.set()
    until(lambda: slow.is_closed)
    assert not crashed
