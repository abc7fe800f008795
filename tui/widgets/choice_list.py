"""Words that a form's field takes, a line each, of which one may be highlighted."""

from collections.abc import Sequence

from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from tui.formatting import plain
from tui.forms.choices import Choice

GAP = 2
LONGEST_DEFAULT = 14
"""Characters of a default that keep the sentences beside each other."""


class ChoiceList(Widget):
    """List that keeps its highlighted line in view; keys come from the form, whose field has the focus."""

    def __init__(self, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._choices: Sequence[Choice] = ()
        self._place: int | None = None
        self.was_moved = False
        """True once the user has moved the highlight."""

    @property
    def chosen(self) -> Choice | None:
        """Highlighted choice; None for none."""
        return self._choices[self._place] if self._place is not None else None

    def offer(self, choices: Sequence[Choice], *, is_begun: bool) -> None:
        """Show choices; the first is highlighted where one is begun."""
        self._choices, self.was_moved = choices, False
        self._place = 0 if choices and is_begun else None
        self.display = bool(choices)
        self.refresh(layout=True)

    def move(self, by: int) -> None:
        """Highlight the next or previous line, from either end."""
        first = 0 if by > 0 else len(self._choices) - 1
        self._place = first if self._place is None else (self._place + by) % len(self._choices)
        self.was_moved = True
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._choices)

    def render(self) -> Text:
        height = max(self.size.height, 1)
        top = max(0, min((self._place or 0) - height // 2, len(self._choices) - height))
        lines = [self._line(place) for place in range(top, min(top + height, len(self._choices)))]
        for line in lines:
            line.truncate(self.size.width, overflow="ellipsis", pad=True)
        return Text("\n", no_wrap=True).join(lines)

    def _line(self, place: int) -> Text:
        each = self._choices[place]
        here = place == self._place
        words = max(len(choice.word) for choice in self._choices) + GAP
        defaults = min(max(len(choice.default) for choice in self._choices), LONGEST_DEFAULT)
        line = Text(f"{'›' if here else ' '} {plain(each.word):<{words}}", style="bold" if here else "")
        if defaults:
            line.append(f"{each.default:<{defaults + GAP}}", style="not bold")
        line.append(plain(each.says), style="not bold dim")
        return line
