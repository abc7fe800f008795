"""Writing beside the event loop: edits of the run table and files of the user's state, in order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from textual.message import Message
from textual.notifications import SeverityLevel

from engine.files.paths import Home
from tui.formatting import plain
from tui.store_calls import Refused, with_store

if TYPE_CHECKING:
    from engine.store.database import Store
    from tui.verbs import Outcome


class EditDone(Message):
    """Edit of the run table that has ended; `text` is empty where the table shows it."""

    def __init__(self, text: str, severity: SeverityLevel, *, undoable: bool = False) -> None:
        super().__init__()
        self.text, self.severity, self.undoable = text, severity, undoable


class Background:
    """One thread that does jobs in their order. The process ends only after the last of them."""

    def __init__(self, name: str, crashed: Callable[[Exception], object]) -> None:
        """`crashed` takes what a job raised, in the thread: an error of the program's own."""
        self._thread, self._crashed = ThreadPoolExecutor(1, name), crashed
        self._last: Future[None] | None = None

    def submit(self, job: Callable[[], None]) -> None:
        self._last = self._thread.submit(self._do, job)

    def _do(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as error:
            self._crashed(error)

    def has_finished(self, patience_s: float | None = None) -> bool:
        """Wait at most `patience_s` seconds for the last job; without it, as long as it takes."""
        return self._last is None or not wait([self._last], patience_s).not_done


class Edits:
    """Edits of the run table, in the order of their keys: else undo might overtake what it is to undo."""

    def __init__(
        self,
        home: Home,
        post: Callable[[EditDone], object],
        crashed: Callable[[Exception], object],
        may_write: Callable[[], bool] = lambda: True,
        submitted: Callable[[], object] = lambda: None,
    ) -> None:
        """`post` takes the end of each edit, in the thread that made it; `crashed` an error of the program's own.
        `may_write` says so where nothing may be edited: what gets past the commands still ends here. `submitted` is
        called with each edit that is under way from then on."""
        self._home, self._post, self._may_write, self._submitted = home, post, may_write, submitted
        self.background = Background("edits", crashed)

    def submit(self, edit: Callable[[Store], Outcome], *, quiet: bool = False) -> None:
        """Make an edit. `quiet`: the table shows what was done; only warnings are said."""
        self.submit_job(lambda: self._make(edit, quiet))

    def submit_job(self, job: Callable[[], None]) -> None:
        """Do a job that edits by itself and says how it ended."""
        if self._may_write():
            self.background.submit(job)
            self._submitted()

    def _make(self, edit: Callable[[Store], Outcome], quiet: bool) -> None:
        try:
            outcome = with_store(self._home, edit)
        except Refused as error:
            self._post(EditDone(str(error), "error"))
        except OSError as error:
            text = f"{error.filename or 'a file'}: {error.strerror}: check its permissions and the free space"
            self._post(EditDone(plain(text), "error"))
        else:
            text = "" if quiet and not outcome.warnings else plain("; ".join(outcome.lines()))
            severity: SeverityLevel = "warning" if outcome.warnings else "information"
            self._post(EditDone(text, severity, undoable=outcome.undoable))
