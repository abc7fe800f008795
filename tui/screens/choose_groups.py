"""List of what the runs of the table can be grouped by."""

from tui.screens.narrowing import NarrowingScreen
from tui.views.group_by import groupings

NO_GROUPS = "no groups"


class GroupsScreen(NarrowingScreen[str]):
    """Gives what is chosen, or an empty text for no groups; None at escape."""

    TITLE_TEXT = "Group runs by"
    KEYS = "↑ ↓ choose   enter group   esc back"

    def __init__(self, now: str, last: str) -> None:
        """`now`: what groups are made by, empty for none; `last`: what they were made by before. One of these two is
        highlighted, so that the key and `enter` turn groups on and off."""
        self._now = now or NO_GROUPS
        super().__init__({NO_GROUPS: "a line for each run", **groupings()}, NO_GROUPS if now else last)

    def mark(self, name: str) -> str:
        return "›" if name == self._now else " "

    def picked(self, name: str, _key: str) -> None:
        self.dismiss("" if name == NO_GROUPS else name)
