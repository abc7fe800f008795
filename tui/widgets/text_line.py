"""Words that are drawn anew only where they say something else."""

from rich.text import Text
from textual.widgets import Static


class TextLine(Static):
    """One line high, so that nothing else moves when it changes."""

    def __init__(self, id: str | None = None, *, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes, markup=False)
        self._said: Text | None = None

    def say(self, text: Text) -> None:
        if text != self._said:
            self._said = text
            self.update(text, layout=False)
