"""Commands of the palette, a line each: the key, a sentence, and the reason where it cannot be given now."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from tui.views.fuzzy import score

GAP = 2


@dataclass(frozen=True)
class Entry:
    """Command as the palette shows it."""

    id: str
    key: str
    title: str
    sentence: str
    why_not: str
    """Reason that it cannot be given now; empty where it can."""


def found(entries: Sequence[Entry], typed: str) -> list[Entry]:
    """Return the entries that fit, the best first; among equals those that can be given now, in the table's order."""
    scored = [(score(typed, each.title, each.sentence) if typed.strip() else 1.0, each) for each in entries]
    fitting = [(points, each) for points, each in scored if points]
    return [each for _, each in sorted(fitting, key=lambda pair: (-pair[0], bool(pair[1].why_not)))]


class PaletteList(Widget):
    """List that keeps its highlighted line in view; keys come from the palette, whose field has the focus."""

    COMPONENT_CLASSES = {"palette--here"}

    class Clicked(Message):
        """Click on the highlighted entry."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._all, self._shown = entries, found(entries, "")
        self._place = 0

    @property
    def chosen(self) -> Entry | None:
        """Highlighted entry; None where none fits."""
        return self._shown[self._place] if self._shown else None

    def narrow(self, typed: str) -> None:
        """Show what fits, and highlight the best."""
        self._shown, self._place = found(self._all, typed), 0
        self.refresh()

    def move(self, by: int) -> None:
        """Move the highlight by so many lines, at most to an end."""
        self._place = max(0, min(self._place + by, len(self._shown) - 1))
        self.refresh()

    @property
    def _top(self) -> int:
        height = max(self.size.height, 1)
        return max(0, min(self._place - height // 2, len(self._shown) - height))

    def on_click(self, event: events.Click) -> None:
        place = self._top + event.y
        if 0 <= place < len(self._shown):
            self._place = place
            self.post_message(self.Clicked())

    def render(self) -> Text:
        if not self._shown:
            return Text("  no command of this screen fits", style="dim")
        keys = max(len(each.key) for each in self._all) + GAP
        lines = []
        for place in range(self._top, min(self._top + max(self.size.height, 1), len(self._shown))):
            each, is_here = self._shown[place], place == self._place
            weight = ("bold" if is_here else "") if not each.why_not else "dim"
            line = Text("› " if is_here else "  ", no_wrap=True)
            line.append(f"{each.key:<{keys}}", style=f"{weight} bold" if not each.why_not else "dim")
            line.append(each.sentence, style=weight)
            if each.why_not:
                line.append(f"  ({each.why_not})", style="dim italic")
            line.truncate(max(self.size.width, 1), overflow="ellipsis", pad=True)
            if is_here:
                ground = self.get_component_rich_style("palette--here").bgcolor
                line.stylize(Style(bgcolor=ground))
            lines.append(line)
        return Text("\n", no_wrap=True).join(lines)
