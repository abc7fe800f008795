"""Fields of the form: what completes their text."""

import asyncio
from functools import partial

from textual.suggester import Suggester
from textual.widgets import Input

from engine.files.paths import Home
from tui.forms.choices import completions
from tui.forms.path_completion import paths_like
from tui.textual_internals import suggest


class FormField(Input):
    """Field at whose end `→` takes what the list below highlights."""

    taken = ""
    """The field's text with the highlighted choice; empty where none is."""

    def update_node_styles(self, animate: bool = True) -> None:  # noqa: FBT001, FBT002  (as in Textual)
        """Style the field, unless it is still being made: then Textual does it as the field is mounted."""
        if self.is_attached:
            super().update_node_styles(animate)

    def offer(self, whole: str) -> None:
        """Show what `→` makes of the text where it goes on from it."""
        self.taken = whole
        if whole:
            suggest(self, whole if whole.startswith(self.value) else "")

    def take(self) -> None:
        """Put the highlighted choice into the field."""
        self.value = self.taken
        self.action_end()

    def action_cursor_right(self, select: bool = False) -> None:
        is_at_end = self.selection.is_empty and self.cursor_position == len(self.value)
        if self.taken and is_at_end and not select:
            self.take()
        else:
            super().action_cursor_right(select)


class FieldSuggester(Suggester):
    """Completion of a field's text: `→` accepts it."""

    def __init__(self, home: Home, field: str) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._home, self._field = home, field

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(completions, self._field, value, partial(paths_like, self._home))
