"""The keys that open the new-experiment form: empty, as a run was, or as its verdict suggests."""

from dataclasses import dataclass

from textual import work

from tui.formatting import plain
from tui.screens.run_actions import RunActions
from tui.store_calls import Refused, stored_runs


@dataclass(frozen=True)
class Copied:
    """A form that is filled with a run's settings."""

    texts: dict[str, str]
    heading: str


class FormActions(RunActions):
    @property
    def has_worker(self) -> bool:
        """Whether what is queued will start by itself."""
        raise NotImplementedError

    def action_new_run(self) -> None:
        if self.may_write():
            self._open(None)

    def action_clone_run(self) -> None:
        self._copy(fixed=False)

    def action_fix(self) -> None:
        self._copy(fixed=True)

    def _copy(self, *, fixed: bool) -> None:
        rows = self.chosen_rows()
        if not rows or not self.may_write():
            return
        if len(rows) > 1:
            self.notify("one run at a time is cloned: esc drops the marks", severity="warning")
            return
        self._read_run(rows[0].id, fixed)

    @work(thread=True, exclusive=True, group="copy")
    def _read_run(self, run_id: int, fixed: bool) -> None:
        try:
            (run,) = stored_runs(self._home, [run_id])
        except Refused as error:
            self.app.call_from_thread(self.notify, str(error), severity="error")
            return
        if fixed and not run.change:
            text = f"#{run_id}: nothing is suggested; C clones it"
            self.app.call_from_thread(self.notify, text, severity="warning")
            return
        changed = ", ".join(f"{name} {value}" for name, value in run.change.items())
        heading = f"As #{run_id}, but {changed}" if fixed else f"Clone of #{run_id}"
        from tui.forms.form import texts_of

        copied = Copied(texts_of(run.spec, run.change if fixed else {}), plain(heading))
        self.app.call_from_thread(self._open, copied)

    def _open(self, copied: Copied | None) -> None:
        from tui.screens.new_run import NewRunScreen  # reads data sets: the app starts without it

        if not self.is_current:
            return
        form = NewRunScreen(self._home, copied.texts, copied.heading) if copied else NewRunScreen(self._home)
        self.app.push_screen(form, self._queued)

    def _queued(self, ids: tuple[int, ...] | None) -> None:
        if ids:
            which = f"#{ids[0]}" if len(ids) == 1 else f"#{ids[0]} to #{ids[-1]}"
            hint = "" if self.has_worker else ": press w to start a worker"
            self.notify(f"queued {which}{hint}")
