"""A picture as large as there is room, or a line instead of it."""

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static

from tui.preferences.picture_protocol import fitted_cells, picture_class

if TYPE_CHECKING:
    from PIL import Image


class PicturePane(Container):
    """Shows one picture at a time in the terminal's best protocol."""

    def __init__(self, name: str, text: str = "") -> None:
        """Take the widget's id, and the line that it begins with."""
        super().__init__(id=name)
        self._text = text
        self.picture: Any = None
        """Widget of the picture; None before the first one."""
        self._pixels = (1, 1)

    def compose(self) -> ComposeResult:
        yield Static(self._text, classes="no-picture", markup=False)

    @property
    def is_empty(self) -> bool:
        """True before the first picture."""
        return self.picture is None

    def say(self, text: str) -> None:
        """Show a line instead of a picture."""
        line = self.query_one(".no-picture", Static)
        line.update(text)
        line.display = True
        if self.picture is not None:
            self.picture.display = False

    def show(self, picture: "Image.Image") -> None:
        self.query_one(".no-picture").display = False
        self._pixels = picture.size
        if self.picture is None:
            self.picture = picture_class(self.app)(picture)
            self.mount(self.picture)
        else:
            self.picture.image = picture
        self.picture.display = True
        self._fit()

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        room = self.content_size
        if self.picture is not None and room.width and room.height:
            width, height = fitted_cells(self._pixels, room.width, room.height)
            self.picture.styles.width, self.picture.styles.height = width, height
