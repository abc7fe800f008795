"""Keys that scroll a page."""

from textual.widget import Widget


class Scrolling(Widget):
    def do_up(self) -> None:
        self.scroll_relative(y=-1, animate=False)

    def do_down(self) -> None:
        self.scroll_relative(y=1, animate=False)

    def do_first(self) -> None:
        self.scroll_home(animate=False)

    def do_last(self) -> None:
        """Scroll to the end; a page that grows is followed from there."""
        self.scroll_end(animate=False)
