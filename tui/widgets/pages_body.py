"""Pages of a screen, one of which is visible."""

from collections.abc import Callable, Iterable
from typing import Self

from textual.containers import Container
from textual.geometry import Region
from textual.widget import AwaitMount, Widget

from tui.widgets.epoch_cursor import EpochPane


class PagesBody(Container):
    """Panes by their ids. The first is drawn before the others are mounted, which takes as long again."""

    _mounting: AwaitMount | None = None
    """Mounting of all panes but the first, once it has begun."""
    _epoch: int | None = None
    """Epoch that was chosen on a page; all pages look at it."""
    _epoch_before: int | None = None
    """Epoch of the visible page when it was turned to."""

    def __init__(self, panes: Iterable[Widget]) -> None:
        self.panes = {str(pane.id): pane for pane in panes}
        first, *later = self.panes.values()
        for pane in later:
            pane.display = False
        super().__init__(first, id="body")
        self._later = later

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the pages in their order."""
        return tuple(self.panes)

    def with_key(self, key: str) -> tuple[str, ...]:
        """Return the names of the pages with a method `do_<key>`; all for a key of the screen, ""."""
        return tuple(name for name, pane in self.panes.items() if not key or hasattr(pane, f"do_{key}"))

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Draw nothing anew for a layout alone: hidden panes that are mounted change nothing that is seen, and of panes
        that are turned to Textual knows what they cover."""
        return super().refresh(*regions, repaint=repaint and not layout, layout=layout, recompose=recompose)

    async def mount_rest(self) -> None:
        """Mount the panes that are not yet, and wait until they are."""
        if self._mounting is None:
            self._mounting = self.mount(*self._later)
        await self._mounting

    def turn(self, before: str, page: str, draw: Callable[[], None]) -> None:
        """Make a page visible in the place of another (or of "", none), and draw it at the epoch chosen there."""
        if before and isinstance(left := self.panes[before], EpochPane) and left.epoch != self._epoch_before:
            self._epoch = left.epoch
        for name, pane in self.panes.items():
            pane.display = name == page
        draw()
        if isinstance(pane := self.panes[page], EpochPane):
            pane.look_at(self._epoch)
            self._epoch_before = pane.epoch
