"""Keys that edit runs: they act on the marked runs, or on the highlighted one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from engine.store.run_numbers import numbered
from engine.store.status import FROM_THE_START
from tui.lazy_import import LazyModule
from tui.run_row import RunRow
from tui.screens.confirm import ConfirmScreen
from tui.screens.full_screen import Handlers
from tui.screens.run_needs import NEEDS, lacking
from tui.screens.runs_screen import RunsScreen
from tui.screens.text_prompt import AskScreen

if TYPE_CHECKING:
    from engine.store.database import Store
    from engine.store.edits.order import Direction
    from tui import verbs
    from tui.verbs import Outcome
else:
    verbs = LazyModule("tui.verbs")

Verb = Callable[["Store", list[int]], "Outcome"]
MOST_EPOCHS, MOST_DIGITS = 1_000_000, 9
EXTEND_ONE = "one run at a time is extended: choose it, and drop the marks with esc"


class RunActions:
    """Asks where something would be lost, then hands the edit to the app's thread of edits."""

    def __init__(self, screen: RunsScreen) -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        return {
            "cancel_run": self.cancel,
            "pause": self.pause_or_resume,
            "retry": self.retry,
            "note": self.note,
            "tag": self.tag,
            "extend": self.extend,
            "undo": self.undo,
        }

    def queue_handlers(self) -> Handlers:
        """Return what a screen with the whole queue has besides."""
        return {
            "move_up": lambda: self._move("up"),
            "move_down": lambda: self._move("down"),
            "remove": self.remove,
            "pause_queue": self.pause_queue,
        }

    def cancel(self) -> None:
        rows = self._chosen("cancel_run")
        running = [row for row in rows if row.status == "running"]
        if not running:
            self._edit(rows, verbs.cancel)
            return
        where = f"#{running[0].id}, now at epoch {running[0].epoch} of {running[0].epochs}"
        what = where if len(rows) == 1 else f"{_counted(rows)}, {len(running)} of them running"
        self._ask(f"Cancel {what}? The weights so far are kept.", lambda: self._edit(rows, verbs.cancel))

    def pause_or_resume(self) -> None:
        """Pause those that are not paused; where all are, or are asked to, resume them."""
        rows = self._chosen("pause")
        active = [row for row in rows if row.status != "paused" and row.asked != "pause"]
        self._edit(active or rows, verbs.pause if active else verbs.resume)

    def retry(self) -> None:
        rows = self._chosen("retry")
        lost = [row for row in rows if row.epoch and row.cause in FROM_THE_START]
        home = self._screen.port.home

        def agreed() -> None:
            self._edit(rows, lambda store, ids: verbs.retry(store, home, ids))

        if not lost:
            agreed()
            return
        epochs = sum(row.epoch for row in lost)
        self._ask(
            f"{_counted(lost)} would fail again from the last checkpoint: {epochs} trained epochs are deleted, and "
            "training starts from the beginning. Retry?",
            agreed,
        )

    def extend(self) -> None:
        """Ask until which epoch a done run is to train."""
        rows = self._screen.chosen_rows()
        problem = EXTEND_ONE if len(rows) > 1 else lacking("extend", rows) if rows else ""
        if problem or not rows:
            if problem:
                self._screen.notify(problem, severity="warning")
            return
        row, home = rows[0], self._screen.port.home

        def problem_of(text: str) -> str:
            is_more = text.strip().isdecimal() and row.epochs < int(text.strip()[:MOST_DIGITS]) <= MOST_EPOCHS
            return "" if is_more else f"type a number of epochs from {row.epochs + 1:,} to {MOST_EPOCHS:,}"

        def extended(text: str | None) -> None:
            if text is not None:
                self._edit(rows, lambda store, _ids: verbs.extend(store, home, row.id, int(text)))

        question = f"Train {_named(rows)} until which epoch? It has {row.epochs:,}."
        ask = AskScreen(question, str(2 * row.epochs), problem_of=problem_of)
        self._screen.app.push_screen(ask, extended)

    def _move(self, direction: Direction) -> None:
        rows = self._chosen(f"move_{direction}")
        quiet = self._screen.is_order_seen
        self._edit(rows, lambda store, ids: verbs.move(store, ids, direction), quiet=quiet)

    def remove(self) -> None:
        rows = self._chosen("remove")
        home = self._screen.port.home
        if not rows:
            return
        epochs = sum(row.epoch for row in rows)
        lost = f"with {epochs} trained epochs and all files" if epochs else "with log and settings"
        self._ask(
            f"Remove {_counted(rows)} for good, {lost}? This cannot be undone.",
            lambda: self._edit(rows, lambda store, ids: verbs.remove(store, home, ids)),
        )

    def note(self) -> None:
        rows = self._screen.chosen_rows()
        before = rows[0].note if len(rows) == 1 else ""

        def written(text: str) -> None:
            if text != before:
                self._edit(rows, lambda store, ids: verbs.note(store, ids, text))

        self._ask_text(rows, f"Note on {_counted(rows)}", written, before)

    def tag(self) -> None:
        rows = self._screen.chosen_rows()
        known = " ".join(rows[0].tags) if len(rows) == 1 else ""

        def written(text: str) -> None:
            words = text.replace(",", " ").split()
            if words:
                self._edit(rows, lambda store, ids: verbs.tag(store, ids, words))

        has = f" (has {known})" if known else ""
        self._ask_text(rows, f"Tags for {_counted(rows)}{has}", written, placeholder="good -old")

    def pause_queue(self) -> None:
        self._screen.port.edits.submit(verbs.turn_queue)

    def undo(self) -> None:
        self._screen.port.edits.submit(verbs.undo)

    def _chosen(self, command_id: str) -> list[RunRow]:
        """Return the chosen runs that fit, and warn of the others. A single run is returned in any case: the store says
        best why it does not fit."""
        rows, need = self._screen.chosen_rows(), NEEDS[command_id]
        fitting = [row for row in rows if need.fits(row)]
        if len(rows) > 1 and len(fitting) < len(rows):
            others = _named([row for row in rows if not need.fits(row)])
            self._screen.notify(f"{others} cannot be {need.done}", severity="warning")
            return fitting
        return rows

    def _ask(self, question: str, agreed: Callable[[], None]) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                agreed()

        self._screen.app.push_screen(ConfirmScreen(question), answered)

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
            self._screen.app.push_screen(AskScreen(question, value, placeholder), answered)

    def _edit(self, rows: Collection[RunRow], verb: Verb, *, quiet: bool = False) -> None:
        run_ids = [row.id for row in rows]
        if run_ids:
            self._screen.port.edits.submit(lambda store: verb(store, run_ids), quiet=quiet)


def _named(rows: Collection[RunRow]) -> str:
    return numbered(row.id for row in rows)


def _counted(rows: Collection[RunRow]) -> str:
    """Name the runs that a question is about, and how many they are: a folded group shows none of them."""
    return _named(rows) if len(rows) == 1 else f"{len(rows)} runs ({_named(rows).removeprefix('runs ')})"
