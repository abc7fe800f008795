"""Statements of several readings sent to PostgreSQL together: a server that is far away costs one round trip for each
time that somebody waits for it, and not for each statement.

Readings run in a thread each, one at a time: each until it has a statement to send. Then the statements of all go to
the server together, and each reading goes on with the result of its own. A reading of three statements of which the
second needs the first's result takes as many round trips as without this, but others ride along."""

import contextlib
import contextvars
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg.rows import TupleRow

from engine.store.answers import note_answer

T = TypeVar("T")


class PipeliningCursor(psycopg.Cursor[TupleRow]):
    """Cursor whose statements go together with those of readings beside it, and with the one that begins the
    transaction."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> "PipeliningCursor":
        statement = Statement(self, query, params, more)
        if getattr(_present, "reading", None) is None and self.connection not in _begins:
            statement.send()
            note_answer()
        else:
            _answer(self.connection, [statement])
        return self


class Statement:
    """Statement that waits to be sent."""

    def __init__(self, cursor: PipeliningCursor, query: Any, params: Any, more: dict[str, Any]) -> None:
        self.cursor, self._query, self._params, self._more = cursor, query, params, more

    @classmethod
    def of(cls, connection: "psycopg.Connection[Any]", query: str) -> "Statement":
        return cls(PipeliningCursor(connection), query, None, {})

    def send(self) -> None:
        """Send it; outside of a pipeline wait for its result as well."""
        psycopg.Cursor.execute(self.cursor, self._query, self._params, **self._more)


_present = threading.local()
"""Its `reading`: that of this thread."""
_begins: "WeakKeyDictionary[psycopg.Connection[Any], str]" = WeakKeyDictionary()
"""Statements that begin a transaction and go with the transaction's first one."""


def begin_with_next(connection: "psycopg.Connection[Any]", begin: str) -> None:
    """Send statements, divided by `; `, with the next one; with "" there are none.

    Where none of them is BEGIN, they and the next are a transaction, which the server commits at once."""
    _begins.pop(connection, None)
    if begin:
        _begins[connection] = begin


def can_pipeline() -> bool:
    """Return True where libpq can send a statement before the one before it has its result: from version 14 on."""
    return psycopg.Pipeline.is_supported()


def send_together(connection: "psycopg.Connection[Any]", statements: Sequence[Statement]) -> None:
    """Send statements at once, in their order, and wait until each has its result.

    Raises the driver's error of the first that failed; those behind it are not done."""
    with connection.pipeline() if can_pipeline() else contextlib.nullcontext():
        for each in statements:
            each.send()
    note_answer()


def read_together(connection: "psycopg.Connection[Any]", jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Return what each of the jobs returns; their statements on this connection are sent together.

    Raises the first error of a job, after all have ended. A job must not wait for another."""
    readings = [_Reading(job) for job in jobs]
    for reading in readings:
        reading.go_on()
    while waiting := [reading for reading in readings if reading.statements]:
        error = None
        try:
            _answer(connection, [each for reading in waiting for each in reading.statements])
        except Exception as failed:  # of any statement: the transaction of all has failed
            error = failed
        for reading in waiting:
            reading.go_on(error)
    for reading in readings:
        if reading.error is not None:
            raise reading.error
    return [reading.result for reading in readings]


def _answer(connection: "psycopg.Connection[Any]", statements: Sequence[Statement]) -> None:
    """Send statements, with those of other readings where this thread is one, and wait until each has its result."""
    reading = getattr(_present, "reading", None)
    if reading is not None:
        reading.ask(statements)
        return
    before = _begins.pop(connection, None)
    first = [Statement.of(connection, each) for each in before.split("; ")] if before is not None else []
    send_together(connection, [*first, *statements])


class _Reading:
    """Job in a thread of its own, which goes on only while whoever conducts it waits."""

    def __init__(self, job: Callable[[], Any]) -> None:
        self._job, self._context = job, contextvars.copy_context()
        self.statements: Sequence[Statement] = ()
        """Statements that it waits for; none before its start, and after its end."""
        self.result: Any = None
        self.error: BaseException | None = None
        self._may_go, self._rests = threading.Semaphore(0), threading.Semaphore(0)
        self._answer_error: Exception | None = None
        self._thread: threading.Thread | None = None

    def go_on(self, error: Exception | None = None) -> None:
        """Let it run until its next statement or its end; with an `error` its last statement has failed."""
        self._answer_error, self.statements = error, ()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="reading", daemon=True)
            self._thread.start()
        else:
            self._may_go.release()
        self._rests.acquire()

    def ask(self, statements: Sequence[Statement]) -> None:
        """Wait, in its thread, until its statements have a result."""
        self.statements = statements
        self._rests.release()
        self._may_go.acquire()
        if self._answer_error is not None:
            raise self._answer_error

    def _run(self) -> None:
        _present.reading = self
        try:
            self.result = self._context.run(self._job)
        except BaseException as error:
            self.error = error
        finally:
            self._rests.release()
