"""The keys that change runs: they act on the marked runs, or on the highlighted one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from textual.message import Message
from textual.screen import Screen

from engine.files.paths import Home
from engine.store.run_numbers import numbered
from engine.store.status import ENDED, FROM_THE_START
from tui.formatting import plain
from tui.lazy_import import Later
from tui.screens.confirm import ConfirmScreen
from tui.screens.text_prompt import AskScreen
from tui.snapshot import RunRow
from tui.store_calls import Refused, with_store

if TYPE_CHECKING:
    from engine.store.database import Store
    from engine.store.edits.order import Direction
    from tui import verbs
    from tui.verbs import Outcome
else:
    verbs = Later("tui.verbs")

Verb = Callable[["Store", list[int]], "Outcome"]


class RunActions(Screen[None]):
    """Asks where something is lost, does one thing after another beside the screen, and says what happened."""

    class Done(Message):
        """A verb has ended; `text` is empty where the table shows it."""

        def __init__(self, text: str, severity: str) -> None:
            super().__init__()
            self.text, self.severity = text, severity

    def __init__(self, home: Home, *, readonly: bool) -> None:
        super().__init__()
        self._home, self._readonly = home, readonly
        self._one_by_one = ThreadPoolExecutor(1, "verbs")
        """Edits are made in the order of their keys: else undo might overtake what it is to take back."""

    def chosen_rows(self) -> list[RunRow]:
        """The runs that a key acts on."""
        raise NotImplementedError

    @property
    def is_order_seen(self) -> bool:
        """Whether the table stands in the queue's order, so that a move shows by itself."""
        raise NotImplementedError

    def on_unmount(self) -> None:
        self._one_by_one.shutdown()

    def may_write(self) -> bool:
        if self._readonly:
            self.notify(
                "this window only looks (--readonly): open another to change things", severity="warning"
            )
        return not self._readonly

    def action_cancel_run(self) -> None:
        rows = self._wanted("cancelled", lambda row: row.status not in ENDED)
        running = [row for row in rows if row.status == "running"]
        if not running:
            self._do(rows, verbs.cancel)
            return
        where = f"#{running[0].id}, now at epoch {running[0].epoch} of {running[0].epochs}"
        what = where if len(rows) == 1 else f"{_named(rows)}, {len(running)} of them running"
        self._ask(f"Cancel {what}? The weights so far are kept.", lambda: self._do(rows, verbs.cancel))

    def action_pause(self) -> None:
        """Where all are paused, or asked to, they go on; else those that are not are paused."""
        rows = self._wanted("paused", lambda row: row.status not in ENDED)
        going = [row for row in rows if row.status != "paused" and row.asked != "pause"]
        self._do(going or rows, verbs.pause if going else verbs.resume)

    def action_retry(self) -> None:
        rows = self._wanted("retried", lambda row: row.status in ("failed", "cancelled"))
        lost = [row for row in rows if row.epoch and row.cause in FROM_THE_START]

        def go() -> None:
            self._do(rows, lambda store, ids: verbs.retry(store, self._home, ids))

        if not lost:
            go()
            return
        epochs = sum(row.epoch for row in lost)
        self._ask(
            f"{_named(lost)} ended so that going on would end the same: {epochs} trained epochs are deleted, and all "
            "begins anew. Retry?",
            go,
        )

    def action_move_up(self) -> None:
        self._move("up")

    def action_move_down(self) -> None:
        self._move("down")

    def _move(self, direction: Direction) -> None:
        rows = self._wanted("moved", lambda row: row.status in ("queued", "paused"))
        self._do(rows, lambda store, ids: verbs.move(store, ids, direction), quiet=self.is_order_seen)

    def action_remove(self) -> None:
        rows = self._wanted("removed", lambda row: row.status != "running")

        def go() -> None:
            self._do(rows, lambda store, ids: verbs.remove(store, self._home, ids))

        if not rows:
            return
        epochs = sum(row.epoch for row in rows)
        lost = f"with {epochs} trained epochs and all files" if epochs else "with log and settings"
        self._ask(f"Remove {_named(rows)} for good, {lost}? This cannot be undone.", go)

    def action_note(self) -> None:
        rows = self._wanted("noted")
        before = rows[0].note if len(rows) == 1 else ""

        def written(text: str) -> None:
            if text != before:
                self._do(rows, lambda store, ids: verbs.note(store, ids, text))

        self._ask_text(rows, f"Note on {_named(rows)}", written, before)

    def action_tag(self) -> None:
        rows = self._wanted("tagged")
        known = " ".join(rows[0].tags) if len(rows) == 1 else ""

        def written(text: str) -> None:
            words = text.replace(",", " ").split()
            if words:
                self._do(rows, lambda store, ids: verbs.tag(store, ids, words))

        has = f" (has {known})" if known else ""
        self._ask_text(rows, f"Tags for {_named(rows)}{has}", written, placeholder="good -old")

    def action_pause_queue(self) -> None:
        if self.may_write():
            self._submit(verbs.turn_queue)

    def action_undo(self) -> None:
        if self.may_write():
            self._submit(verbs.undo)

    def _wanted(self, what: str, fits: Callable[[RunRow], bool] = lambda _row: True) -> list[RunRow]:
        """The chosen runs to which it can be done, and a word on the others; one run alone is given in any case, for
        the store says best why it cannot be. None where nothing may be changed."""
        rows = self.chosen_rows()
        if not rows or not self.may_write():
            return []
        fitting = [row for row in rows if fits(row)]
        if len(rows) > 1 and len(fitting) < len(rows):
            others = _named([row for row in rows if not fits(row)])
            self.notify(f"{others} cannot be {what}", severity="warning")
            return fitting
        return rows

    def _ask(self, question: str, agreed: Callable[[], None]) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                agreed()

        self.app.push_screen(ConfirmScreen(question), answered)

    def _ask_text(
        self,
        rows: Collection[RunRow],
        question: str,
        written: Callable[[str], None],
        value: str = "",
        placeholder: str = "",
    ) -> None:
        def answered(text: str | None) -> None:
            if text is not None:
                written(text)

        if rows:
            self.app.push_screen(AskScreen(question, value, placeholder), answered)

    def _do(self, rows: Collection[RunRow], verb: Verb, *, quiet: bool = False) -> None:
        run_ids = [row.id for row in rows]
        if run_ids:
            self._submit(lambda store: verb(store, run_ids), quiet=quiet)

    def _submit(self, verb: Callable[[Store], Outcome], *, quiet: bool = False) -> None:
        """`quiet`: what happened is seen in the table; only what did not is said."""
        self._one_by_one.submit(self._carry_out, verb, quiet)

    def _carry_out(self, verb: Callable[[Store], Outcome], quiet: bool) -> None:
        try:
            outcome = with_store(self._home, verb)
        except Refused as error:
            self.post_message(self.Done(str(error), "error"))
        except OSError as error:
            text = f"{error.filename or 'a file'}: {error.strerror}: check its permissions and the free space"
            self.post_message(self.Done(plain(text), "error"))
        else:
            told = "" if quiet and not outcome.warnings else plain("; ".join(outcome.lines()))
            self.post_message(self.Done(told, "warning" if outcome.warnings else "information"))

    def on_run_actions_done(self, message: Done) -> None:
        if message.text:
            self.notify(message.text, severity=message.severity)  # type: ignore[arg-type]
        self.app.refresh_feed()  # type: ignore[attr-defined]


def _named(rows: Collection[RunRow]) -> str:
    return numbered(row.id for row in rows)
