"""Several runs beside each other: curves over each other, numbers, settings that differ, differences of matrices."""

from collections.abc import Sequence

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widgets import Footer, Static

from engine.files.paths import Home
from engine.spec.grid import SpecError
from engine.store.errors import StoreError
from tui import commands
from tui.feeds.compare_feed import CompareFeed
from tui.formatting import plain
from tui.screens.help import HelpScreen
from tui.screens.pages import PagedScreen
from tui.views.compared import PANELS, Compared
from tui.widgets.compare_panes import TablePane, key_text
from tui.widgets.curves_pane import CurvesPane
from tui.widgets.difference_pane import DifferencePane

POLL_S = 0.5


class CompareScreen(PagedScreen):
    PAGES = ("curves", "numbers", "settings", "difference")
    TABLE = commands.COMPARE
    BINDINGS = commands.bindings(TABLE)
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high"), (34, "-tall")]

    class Ready(Message):
        def __init__(self, compared: Compared) -> None:
            super().__init__()
            self.compared = compared

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, CompareScreen.Ready)

    class Failed(Message):
        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Back(Message):
        """What could not be read is read again."""

    def __init__(self, home: Home, run_ids: Sequence[int]) -> None:
        super().__init__()
        self._is_over = self._has_failed = False
        self._home, self._run_ids = home, tuple(run_ids)
        self._feed: CompareFeed | None = None
        self._asking = False
        self._compared: Compared | None = None

    def compose(self) -> ComposeResult:
        yield Static("resnet-tui needs 80×24 characters: enlarge the window", id="too-small")
        yield Static(id="compare-head", markup=False)
        yield Static(id="banner", markup=False)
        yield Static(id="pages", markup=False)
        yield Static(id="key", markup=False)
        with Container(id="body"):
            yield CurvesPane(PANELS)
            yield TablePane("numbers")
            yield TablePane("settings")
            yield DifferencePane(self._home)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#banner").display = False
        self.turn_to(self.PAGES[0])
        self.set_interval(POLL_S, self._poll)
        self._poll()

    def on_unmount(self) -> None:
        if self._feed is not None:
            self._feed.close()

    def _poll(self) -> None:
        if not self._asking:
            self._asking = True
            self._read()

    @work(thread=True, group="compare-feed")
    def _read(self) -> None:
        try:
            if self._feed is None:
                self._feed = CompareFeed(self._home, self._run_ids)
            compared = self._feed.poll()
        except (StoreError, SpecError) as error:
            self.post_message(self.Failed(plain(error)))
        else:
            if compared is not None:
                self.post_message(self.Ready(compared))
            elif self._has_failed:
                self.post_message(self.Back())
        finally:
            self._asking = False

    def on_compare_screen_ready(self, message: Ready) -> None:
        if not self.is_attached:
            return
        self.query_one("#banner").display = False
        gone = set(self._run_ids) - {view.run_id for view in message.compared.views}
        if gone and self._compared is None or len(message.compared.views) < len(self._views()):
            self.notify(
                f"removed meanwhile: {', '.join(f'#{each}' for each in sorted(gone))}", severity="warning"
            )
        if len(message.compared.views) < 2:
            self._is_over = True
            self.on_screen_resume()
            return
        self._compared = message.compared
        with self.app.batch_update():
            self.draw_page()

    def on_screen_resume(self) -> None:
        """There is nothing to compare any more: not while another screen lies above."""
        if self._is_over and self.app.screen is self:  # is_current is also said below a dialog
            self.dismiss()

    def on_compare_screen_back(self) -> None:
        self._has_failed = False
        for banner in self.query("#banner"):
            banner.display = False

    def on_compare_screen_failed(self, message: Failed) -> None:
        self._has_failed = True
        if self.is_attached:
            banner = self.query_one("#banner", Static)
            banner.update(f"✖ {message.text}")
            banner.display = True

    def _views(self) -> Sequence[object]:
        return self._compared.views if self._compared is not None else ()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw_page)

    def draw_page(self) -> None:
        compared = self._compared
        key = self.query_one("#key", Static)
        key.display = self.page == "curves" and compared is not None
        if compared is None:
            return
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(f"{len(compared.views)} runs", style="bold")
        differing = ", ".join(compared.differing) or "nothing"
        head.append(f"   differ in {differing}", style="dim")
        self.query_one("#compare-head", Static).update(head)
        key.update(key_text(compared, max(self.size.width - 2, 10)))
        pane = self.pane
        if isinstance(pane, (CurvesPane, TablePane, DifferencePane)):
            pane.show(compared)

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.TABLE))

    def action_leave(self) -> None:
        self.dismiss()
