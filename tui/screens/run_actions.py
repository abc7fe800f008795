"""The keys that change runs: they act on the marked runs, or on the highlighted one."""

import contextlib
from collections.abc import Callable

from textual import work
from textual.screen import Screen

from engine.disk.footprint import in_words
from engine.disk.usage import usage_of_run
from engine.paths import Home
from engine.store.database import Store, StoreError, open_store
from engine.store.fencing import QueueError
from engine.store.wording import numbered
from tui import verbs
from tui.screens.ask import AskScreen
from tui.screens.confirm import ConfirmScreen
from tui.snapshot import RunRow
from tui.text import plain
from tui.verbs import Done


class RunActions(Screen[None]):
    """Asks where something is lost, does it in a thread, and says what happened."""

    def __init__(self, home: Home, *, readonly: bool) -> None:
        super().__init__()
        self._home, self._readonly = home, readonly

    def chosen_rows(self) -> list[RunRow]:
        """The runs that a key acts on."""
        raise NotImplementedError

    def may_write(self) -> bool:
        if self._readonly:
            self.notify(
                "this window only looks (--readonly): open another to change things", severity="warning"
            )
        return not self._readonly

    def action_cancel_run(self) -> None:
        rows = self._wanted()
        running = [row for row in rows if row.status == "running"]
        if not running:
            self._do(rows, verbs.cancel)
            return
        where = f"#{running[0].id}, now at epoch {running[0].epoch} of {running[0].epochs}"
        what = (
            where if len(rows) == 1 else f"{numbered(row.id for row in rows)}, {len(running)} of them running"
        )
        self._ask(f"Cancel {what}? The weights so far are kept.", lambda: self._do(rows, verbs.cancel))

    def action_pause(self) -> None:
        self._do(self._wanted(), verbs.pause_or_resume)

    def action_retry(self) -> None:
        self._do(self._wanted(), lambda store, ids: verbs.retry_runs(store, self._home, ids))

    def action_move_up(self) -> None:
        self._do(self._wanted(), lambda store, ids: verbs.move(store, ids, "up"), quiet=True)

    def action_move_down(self) -> None:
        self._do(self._wanted(), lambda store, ids: verbs.move(store, ids, "down"), quiet=True)

    def action_remove(self) -> None:
        rows = self._wanted()
        if not rows:
            return
        size = sum(usage_of_run(self._home, row.id).size() for row in rows)
        epochs = sum(row.epoch for row in rows)
        self._ask(
            f"Remove {numbered(row.id for row in rows)} for good, with {epochs} trained epochs and {in_words(size)} "
            "of files? This cannot be undone.",
            lambda: self._do(rows, lambda store, ids: verbs.remove_runs(store, self._home, ids)),
        )

    def action_note(self) -> None:
        rows = self._wanted()
        value = rows[0].note if len(rows) == 1 else ""
        self._ask_text(rows, f"Note on {numbered(row.id for row in rows)}", value, verbs.note)

    def action_tag(self) -> None:
        rows = self._wanted()
        known = " ".join(rows[0].tags) if len(rows) == 1 else ""
        question = f"Tags for {numbered(row.id for row in rows)}" + (f" (has {known})" if known else "")
        self._ask_text(rows, question, "", verbs.tag, "good -old")

    def action_pause_queue(self) -> None:
        if self.may_write():
            self._work(verbs.pause_queue)

    def action_undo(self) -> None:
        if self.may_write():
            self._work(verbs.undo_newest)

    def _wanted(self) -> list[RunRow]:
        """None where nothing may be changed."""
        rows = self.chosen_rows()
        return rows if rows and self.may_write() else []

    def _ask(self, question: str, agreed: Callable[[], None]) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                agreed()

        self.app.push_screen(ConfirmScreen(question), answered)

    def _ask_text(
        self,
        rows: list[RunRow],
        question: str,
        value: str,
        verb: Callable[[Store, list[int], str], Done],
        placeholder: str = "",
    ) -> None:
        def answered(text: str | None) -> None:
            if text is not None:
                self._do(rows, lambda store, ids: verb(store, ids, text))

        if rows:
            self.app.push_screen(AskScreen(question, value, placeholder), answered)

    def _do(
        self, rows: list[RunRow], verb: Callable[[Store, list[int]], Done], *, quiet: bool = False
    ) -> None:
        run_ids = [row.id for row in rows]
        if run_ids:
            self._work(lambda store: verb(store, run_ids), quiet=quiet)

    @work(thread=True, group="verbs")
    def _work(self, verb: Callable[[Store], Done], *, quiet: bool = False) -> None:
        """`quiet`: what happened is seen in the table; only what did not is said."""
        try:
            with contextlib.closing(open_store(self._home.database, create=False)) as store:
                done = verb(store)
        except (QueueError, StoreError) as error:
            self.app.call_from_thread(self.notify, plain(error), severity="error", markup=False)
            return
        if done.warning or not quiet:
            severity = "warning" if done.warning else "information"
            self.app.call_from_thread(self.notify, done.text, severity=severity, markup=False)
        self.app.call_from_thread(self.app.refresh_feed)  # type: ignore[attr-defined]
