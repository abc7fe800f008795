"""The keys that copy what identifies a run to the clipboard of whoever sits at the terminal (OSC 52)."""

import shlex

from textual import work

from tui.screens.form_actions import FormActions
from tui.store_calls import Refused, stored_runs


class CopyActions(FormActions):
    def action_copy_id(self) -> None:
        self._copy_text(" ".join(str(row.id) for row in self.chosen_rows()))

    def action_copy_path(self) -> None:
        folders = [str(self._home.run(row.id).folder) for row in self.chosen_rows()]
        self._copy_text(folders[0] if len(folders) == 1 else shlex.join(folders))

    def action_copy_command(self) -> None:
        self._read_commands([row.id for row in self.chosen_rows()])

    @work(thread=True, exclusive=True, group="copy-text")
    def _read_commands(self, run_ids: list[int]) -> None:
        from tui.forms.add_command import add_command  # knows the form, which the app starts without

        try:
            lines = [add_command(run.spec, run.name) for run in stored_runs(self._home, run_ids)]
        except Refused as error:
            self.app.call_from_thread(self.notify, str(error), severity="error")
            return
        self.app.call_from_thread(self._copy_text, "\n".join(lines))

    def _copy_text(self, text: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            lines = text.splitlines()
            self.notify(f"copied {lines[0]}" + (f" and {len(lines) - 1} more" if len(lines) > 1 else ""))
