"""List of all charts of curves, of runs and of compared ones."""

from collections.abc import Collection

from tui.screens.narrowing import NEVER, SHOWN, NarrowingScreen
from tui.views.chart_choice import chart_words

ONE_STAYS = "at least one chart of this page must stay"
NONE_HERE = "none of these is a chart of this page: at least one must stay"


class ChartsScreen(NarrowingScreen[frozenset[str]]):
    """Gives the keys of the hidden charts."""

    TITLE_TEXT = f"Charts   {SHOWN} shown   {NEVER} hidden"
    KEYS = "↑ ↓ choose   space change   enter only the listed ones   esc done"

    def __init__(self, hidden: Collection[str], here: Collection[str]) -> None:
        """`here`: the charts of the page that asks, one of which stays."""
        super().__init__(chart_words())
        self._here, self._hidden = frozenset(here), frozenset(hidden)

    def mark(self, name: str) -> str:
        return NEVER if name in self._hidden else SHOWN

    def picked(self, name: str, key: str) -> None:
        """Turn one chart on or off; `enter` hides all that are not listed, and is done."""
        hidden = self._hidden ^ {name} if key != "enter" else frozenset(self._words) - frozenset(self.listed)
        if self._here <= hidden:
            self.notify(NONE_HERE if key == "enter" else ONE_STAYS, severity="warning")
            return
        self._hidden = hidden
        if key == "enter":
            self.left()
        else:
            self.draw_again(name)

    def left(self) -> None:
        self.dismiss(self._hidden)
