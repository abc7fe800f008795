"""Pages that can be saved as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

if TYPE_CHECKING:
    from tui.views.saved_chart import Picture


class SaveWanted(Message):
    """Wish to save what a page shows; `picture` is None where there is nothing yet."""

    def __init__(self, picture: Picture | None) -> None:
        super().__init__()
        self.picture = picture


class Pictured(Widget):
    """Page with a chart."""

    def picture(self) -> Picture | None:
        """Return what is seen; None where there is nothing yet."""
        raise NotImplementedError

    def do_save(self) -> None:
        self.post_message(SaveWanted(self.picture()))
