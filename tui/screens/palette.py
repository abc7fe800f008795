"""Command palette: all commands of a screen, found by typing some letters of what they do."""

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui.textual_internals import Dialog
from tui.widgets.palette_list import Entry, PaletteList

PAGE = 10
KEYS = "enter do it   ↑ ↓ choose   esc back"


class PaletteScreen(Dialog[str | None]):
    """Gives the id of the command to do, or None when left."""

    BINDINGS = [
        ("escape", "leave", "back"),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", f"move({PAGE})", show=False),
        Binding("pageup", f"move(-{PAGE})", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._list = PaletteList(entries)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Input(placeholder="what should be done? some letters are enough")
            yield self._list
            yield Static(KEYS, id="palette-says", markup=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._list.narrow(event.value)
        self._say()

    def action_move(self, by: int) -> None:
        self._list.move(by)
        self._say()

    def _say(self) -> None:
        """Say below the list, uncut, why the highlighted command cannot be given, or else the keys."""
        chosen = self._list.chosen
        why_not = chosen.why_not if chosen is not None else ""
        colour = self.app.theme_variables["warning"]
        text = Text(f"not now: {why_not}", style=colour) if why_not else Text(KEYS, style="dim")
        self.query_one("#palette-says", Static).update(text)

    @on(Input.Submitted)
    @on(PaletteList.Clicked)
    def _take(self) -> None:
        """Close with the highlighted command, unless it cannot be given."""
        chosen = self._list.chosen
        self._say()
        if chosen is not None and not chosen.why_not:
            self.dismiss(chosen.id)

    def action_leave(self) -> None:
        self.dismiss(None)
