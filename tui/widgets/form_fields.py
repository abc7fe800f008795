"""Completion in the form's fields."""

import asyncio
from functools import partial

from textual.suggester import Suggester

from engine.files.paths import Home
from tui.forms.form import completions
from tui.forms.path_completion import paths_like


class FieldSuggester(Suggester):
    """Completion of a field's text: `→` accepts it."""

    def __init__(self, home: Home, field: str) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._home, self._field = home, field

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(completions, self._field, value, partial(paths_like, self._home))
