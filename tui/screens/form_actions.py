"""Keys that open the new-experiment form: as the last one was, as a run was, or as its findings suggest."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.app import App

from engine.files.paths import Home
from tui.feeds.reader_thread import start_once
from tui.formatting import plain
from tui.screens.confirm import OfferScreen
from tui.screens.full_screen import Handlers
from tui.screens.runs_screen import RunsScreen
from tui.store_calls import Refused, stored_runs

if TYPE_CHECKING:
    from tui.screens.new_run import NewRunScreen


class FormActions:
    """Reads what a form starts from in a thread, then opens it."""

    def __init__(self, screen: RunsScreen, *, has_new: bool = False) -> None:
        """`has_new`: the screen has the key that opens a form."""
        self._screen, self._has_new = screen, has_new

    def handlers(self) -> Handlers:
        return {"clone_run": partial(self._clone, fixed=False), "fix": partial(self._clone, fixed=True)}

    def new(self) -> None:
        last = self._screen.port.last_form
        self._open(last, f"New experiment{', from your last form' if last else ''}")

    def _clone(self, *, fixed: bool) -> None:
        rows = self._screen.chosen_rows()
        if not rows:
            return
        port = self._screen.port
        read = partial(self._read_run, self._screen.app, port.home, rows[0].id, fixed)
        if len(rows) > 1:
            is_group = rows[0].group and len({row.group for row in rows}) == 1
            if fixed or not is_group:
                what = "one run at a time is fixed" if fixed else "a run or the runs of one group are cloned"
                self._screen.notify(f"{what}: choose it, and drop the marks with esc", severity="warning")
                return
            read = partial(self._read_group, self._screen.app, port.home, sorted(row.id for row in rows))
        start_once("run to clone", read, port.raise_from_thread)

    def _read_run(self, app: App[object], home: Home, run_id: int, fixed: bool) -> None:
        from tui.forms.form import texts_of  # knows the specs, which the app starts without

        try:
            (run,) = stored_runs(home, [run_id])
        except Refused as error:
            app.notify(str(error), severity="error")
            return
        if fixed and not run.change:
            app.notify(f"#{run_id} has no suggested fix; C clones it", severity="warning")
            return
        changed = ", ".join(f"{name} {value}" for name, value in run.change.items())
        heading = plain(f"Clone of #{run_id} with {changed}" if fixed else f"Clone of #{run_id}")
        texts = texts_of(run.spec, run.change if fixed else {})
        app.call_later(self._open, texts, heading)

    def _read_group(self, app: App[object], home: Home, run_ids: list[int]) -> None:
        from engine.store.run_numbers import numbered
        from tui.forms.form import texts_of_group  # knows the specs, which the app starts without

        try:
            runs = stored_runs(home, run_ids)
        except Refused as error:
            app.notify(str(error), severity="error")
            return
        texts = texts_of_group([run.spec for run in runs])
        if texts is None:
            text = "each split of this group has its own seed, which no form queues: use add --repeat, or clone one run"
            app.notify(text, severity="warning")
            return
        app.call_later(self._open, texts, f"Clone of {numbered(run_ids)}, all of one group")

    def _open(self, texts: Mapping[str, str], heading: str) -> None:
        from tui.screens.new_run import NewRunScreen  # reads data sets: the app starts without it

        if self._screen.is_current:
            form = NewRunScreen(self._screen.port.home, texts, heading)
            self._screen.app.push_screen(form, partial(self._closed, form))

    def _closed(self, form: "NewRunScreen", ids: tuple[int, ...] | None) -> None:
        if form.left_with and self._has_new and not ids:
            self._screen.port.last_form = form.left_with
            self._screen.notify("nothing is queued: a new form begins with what you typed")
        if ids:
            which = f"#{ids[0]}" if len(ids) == 1 else f"#{ids[0]} to #{ids[-1]}"
            is_offered = not self._screen.has_worker  # the offer says what was queued
            if form.warnings or not is_offered:
                told = "; ".join((f"queued {which}", *form.warnings))
                self._screen.notify(told, severity="warning" if form.warnings else "information")
            if is_offered:
                offer = OfferScreen(f"{which} queued, and no worker is running. Start one here?")
                self._screen.app.push_screen(offer, self._start_worker)

    def _start_worker(self, agreed: bool | None) -> None:
        if agreed:
            self._screen.start_worker()
