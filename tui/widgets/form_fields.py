"""What the form is made of besides inputs."""

import asyncio
from functools import partial

from textual.suggester import Suggester
from textual.widgets import Checkbox

from engine.files.paths import Home
from tui.forms.form import completions
from tui.forms.path_completion import paths_like


class Choice(Checkbox):
    """A checkbox that is told apart without colours too."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        self.BUTTON_INNER = "✔" if self.value else " "
        super().watch_value()


class FieldSuggester(Suggester):
    """What a field's text might go on with: `→` takes it."""

    def __init__(self, home: Home, field: str) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._home, self._field = home, field

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(completions, self._field, value, partial(paths_like, self._home))
