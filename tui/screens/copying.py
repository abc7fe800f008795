"""The keys that copy what identifies a run to the clipboard of whoever sits at the terminal (OSC 52)."""

import contextlib
import shlex

from textual import work

from engine.grid import SpecError, load_spec
from engine.store import listing
from engine.store.database import StoreError, open_store
from engine.store.fencing import QueueError
from tui.screens.form_actions import FormActions
from tui.text import plain


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
        from tui.again import add_command  # knows the form, which the app starts without

        try:
            with (
                contextlib.closing(open_store(self._home.database, create=False)) as store,
                store.read() as session,
            ):
                runs = [listing.get_run(session, run_id) for run_id in run_ids]
                lines = [add_command(load_spec(run.spec), run.name) for run in runs]
        except (StoreError, QueueError, SpecError) as error:
            self.app.call_from_thread(self.notify, plain(error), severity="error")
            return
        self.app.call_from_thread(self._copy_text, "\n".join(lines))

    def _copy_text(self, text: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            lines = text.splitlines()
            self.notify(f"copied {lines[0]}" + (f" and {len(lines) - 1} more" if len(lines) > 1 else ""))
