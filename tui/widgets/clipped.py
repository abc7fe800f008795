"""Text that is cut where room is short, ending with the keys that show all of it."""

from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

REST = " …"


class Clipped(Widget):
    """Text as high as its styles allow; `whole` are the keys to where all of it can be read, if there is one."""

    def __init__(self, id: str, whole: str = "") -> None:  # noqa: A002
        super().__init__(id=id)
        self._whole = whole
        self.text = Text()

    def say(self, text: Text) -> None:
        if text != self.text:
            self.text = text
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Text]:
        return list(self.text.wrap(self.app.console, max(width, 1)))

    def render(self) -> Text:
        return clipped(self._lines(self.size.width), self.size.width, self.size.height, self._whole)


def clipped(lines: list[Text], width: int, height: int, whole: str) -> Text:
    """Cut to `height` lines, none longer than `width`; the last of them ends with the keys `whole`."""
    if len(lines) > height > 0:
        last = lines[height - 1]
        last.rstrip()
        key = f" all: {whole}" if whole else ""
        last.truncate(max(width - len(REST) - len(key), 0))
        lines = [*lines[: height - 1], Text.assemble(last, REST, (key, "dim"))]
    return Text("\n", no_wrap=True).join(lines)
