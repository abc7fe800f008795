"""One run on a screen of its own: curves, confusion, log, spec, and first what its numbers say."""

from typing import Protocol

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widgets import Footer, Static

from engine.files.paths import Home
from engine.spec.grid import SpecError
from engine.spec.run_spec import RunSpec
from engine.store.errors import QueueError, StoreError
from tui import commands
from tui.feeds.run_feed import RunFeed
from tui.formatting import plain
from tui.screens.copying import CopyActions
from tui.screens.help import HelpScreen
from tui.screens.pages import PagedScreen
from tui.screens.text_prompt import AskScreen
from tui.snapshot import GLYPHS, RunRow, Verdict
from tui.store_calls import Refused, stored_runs
from tui.views.cell_images import Place
from tui.views.run_view import RunView
from tui.widgets.clipped import Clipped
from tui.widgets.curves_pane import CurvesPane
from tui.widgets.detail import verdict_text
from tui.widgets.failure import failure_text
from tui.widgets.line import Line
from tui.widgets.log_pane import LogPane
from tui.widgets.matrix_pane import MatrixPane
from tui.widgets.spec_pane import SpecPane

POLL_S = 0.25
SEARCHABLE = "log"
LINES_LOW, LINES_TALL = 3, 6
"""Of a failed run's log that are seen beside why it failed."""


class Base(Protocol):
    """The screen below: it knows the run table's rows and the workers."""

    _home: Home
    _readonly: bool

    @property
    def has_worker(self) -> bool: ...
    def row_of(self, run_id: int) -> RunRow | None: ...


class RunScreen(PagedScreen, CopyActions):
    PAGES = ("curves", "confusion", "log", "spec")
    TABLE = commands.RUN
    BINDINGS = commands.bindings(TABLE)
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high"), (34, "-tall")]

    class Ready(Message):
        def __init__(self, view: RunView) -> None:
            super().__init__()
            self.view = view

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, RunScreen.Ready)

    class Back(Message):
        """What could not be read is read again."""

    class Failed(Message):
        def __init__(self, text: str, *, is_gone: bool) -> None:
            super().__init__()
            self.text, self.is_gone = text, is_gone

    def __init__(self, below: Base, run_id: int) -> None:
        super().__init__(below._home, readonly=below._readonly)
        self._below, self.run_id = below, run_id
        self._feed: RunFeed | None = None
        self._asking = self._is_gone = self._has_failed = False
        self._view: RunView | None = None

    def compose(self) -> ComposeResult:
        yield Static("resnet-tui needs 80×24 characters: enlarge the window", id="too-small")
        yield Line("run-head")
        yield Static(id="banner", markup=False)
        yield Clipped("run-verdict", "4")
        yield Static(id="pages", markup=False)
        with Container(id="body"):
            yield CurvesPane()
            yield MatrixPane()
            yield LogPane()
            yield SpecPane()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#banner").display = False
        self.query_one(LogPane).open_file(self._home.run(self.run_id).log)
        self.turn_to(self.PAGES[0])
        self.set_interval(POLL_S, self._poll)
        self._poll()

    def on_unmount(self) -> None:
        super().on_unmount()
        if self._feed is not None:
            self._feed.close()

    # What is read

    def _poll(self) -> None:
        if self.page == "log":
            self.query_one(LogPane).read_on()
        if self._view is not None and self._view.status == "queued":
            self._draw_verdict(self._view)  # others' ends move its start, and write nothing to it
        if not self._asking:
            self._asking = True
            self._read()

    @work(thread=True, group="run-feed")
    def _read(self) -> None:
        try:
            if self._feed is None:
                self._feed = RunFeed(self._home, self.run_id)
            view = self._feed.poll()
        except QueueError as error:
            self.post_message(self.Failed(plain(error), is_gone=True))
        except (StoreError, SpecError) as error:
            self.post_message(self.Failed(plain(error), is_gone=False))
        else:
            if view is not None:
                self.post_message(self.Ready(view))
            elif self._has_failed:
                self.post_message(self.Back())
        finally:
            self._asking = False

    def on_run_screen_ready(self, message: Ready) -> None:
        if not self.is_attached:
            return
        had_way_out = self._view is None or self._view.has_way_out
        self._view = message.view
        if message.view.has_way_out != had_way_out:
            self.refresh_bindings()
        self.query_one("#banner").display = False
        with self.app.batch_update():
            self._draw()

    def on_screen_resume(self) -> None:
        """There is no such run any more: not while another screen lies above."""
        if self._is_gone and self.app.screen is self:  # is_current is also said below a dialog
            self._is_gone = False
            self.notify(f"#{self.run_id} was removed", severity="warning")
            self.dismiss()

    def on_run_screen_back(self) -> None:
        self._has_failed = False
        for banner in self.query("#banner"):
            banner.display = False

    def on_run_screen_failed(self, message: Failed) -> None:
        if not self.is_attached:
            return
        if message.is_gone:
            self._is_gone = True
            self.on_screen_resume()
            return
        self._has_failed = True
        banner = self.query_one("#banner", Static)
        banner.update(f"✖ {message.text}")
        banner.display = True

    def _draw(self) -> None:
        view = self._view
        if view is None:
            return
        self.query_one("#run-head", Line).say(head_text(view))
        self._draw_verdict(view)
        pane = self.pane
        if isinstance(pane, (CurvesPane, MatrixPane)):
            pane.show(view)
        elif isinstance(pane, SpecPane):
            pane.show(view, self._verdict(view))

    def _draw_verdict(self, view: RunView) -> None:
        """Nothing on the page where it stands whole."""
        theme = self.app.theme_variables
        says = self.query_one("#run-verdict", Clipped)
        says.set_class(view.failure is not None, "-failed")
        if view.failure is not None:
            lines = LINES_LOW if self.has_class("-high") and not self.has_class("-tall") else LINES_TALL
            says.say(failure_text(view.failure, theme, lines, self.size.width - 2))
        else:
            says.say(verdict_text(self._verdict(view), theme))
        says.display = bool(says.text) and self.page != "spec"

    def _verdict(self, view: RunView) -> Verdict:
        row = self._below.row_of(self.run_id)
        waits = Verdict("waiting", row.remark) if row is not None and row.status == "queued" else Verdict("")
        return view.verdict if view.verdict.word else waits

    def on_resize(self) -> None:
        if self._view is not None:
            self.call_after_refresh(self._draw_verdict, self._view)

    # Pages

    def draw_page(self) -> None:
        if self.page == "log":
            self.query_one(LogPane).read_on()
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "search":
            return self.page == SEARCHABLE
        if action == "compare_spec":
            return self.page == "spec"
        if action == "fix" and self._view is not None and not self._view.has_way_out:
            return None
        return super().check_action(action, parameters)

    def action_search(self) -> None:
        pane = self.query_one(LogPane)

        def looked_for(word: str | None) -> None:
            if word is not None:
                found = pane.search(plain(word))
                if word:
                    self.notify(f"{found:,} lines have {word!r}" if found else f"{word!r} is not in the log")

        self.app.push_screen(AskScreen("Look for", pane.word), looked_for)

    def action_compare_spec(self) -> None:
        def told(text: str | None) -> None:
            if not text:
                return
            if text.strip().lstrip("#").isdecimal():
                self._read_other(int(text.strip().lstrip("#")))
            else:
                self.notify(f"{text!r} is no run's number", severity="error")

        self.app.push_screen(AskScreen("Against which run? Its number", placeholder="7"), told)

    @work(thread=True, exclusive=True, group="other")
    def _read_other(self, run_id: int) -> None:
        try:
            (run,) = stored_runs(self._home, [run_id])
        except Refused as error:
            self.app.call_from_thread(self.notify, str(error), severity="error")
            return
        self.app.call_from_thread(self._compare, run_id, run.spec)

    def _compare(self, run_id: int, spec: RunSpec) -> None:
        self.query_one(SpecPane).compare(run_id, spec)

    def on_matrix_pane_opened(self, message: MatrixPane.Opened) -> None:
        from tui.screens.images import ImagesScreen  # numpy and Pillow would keep the app from starting fast

        def looked(epoch: int | None) -> None:
            if epoch is not None:
                self.query_one(MatrixPane).look_at(epoch)

        if self._view is not None:
            place = Place(message.epoch, *message.cell)
            self.app.push_screen(ImagesScreen(self._home, self._view, place), looked)

    # What the verbs need

    @property
    def has_worker(self) -> bool:
        return self._below.has_worker

    @property
    def is_order_seen(self) -> bool:
        return False

    def chosen_rows(self) -> list[RunRow]:
        row = self._below.row_of(self.run_id)
        return [row] if row is not None else []

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.TABLE))

    def action_leave(self) -> None:
        self.dismiss()


def head_text(view: RunView) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(view.title, style="bold")
    text.append(f"   {GLYPHS[view.status]} {view.status}")
    text.append(f"  epoch {view.epoch} of {view.epochs}", style="dim")
    if view.worker:
        text.append(f"  on {view.worker}", style="dim")
    if view.name:
        text.append(f"   {view.name}", style="dim")
    return text
