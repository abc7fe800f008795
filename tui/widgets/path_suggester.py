"""Completion of a field that takes a path."""

import asyncio

from textual.suggester import Suggester

from engine.files.paths import Home
from tui.forms.path_completion import paths_like


class PathSuggester(Suggester):
    """Completion of a path, relative to the home where the text is: `→` accepts it."""

    def __init__(self, home: Home) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._home = home

    async def get_suggestion(self, value: str) -> str | None:
        return next(iter(await asyncio.to_thread(paths_like, self._home, value)), None) if value else None
