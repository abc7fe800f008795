"""Journal: what happened since the last visit, and the events of the last days as they come."""

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from engine.analysis.news import Events
from engine.files.paths import Home
from engine.store.errors import StoreError
from tui.feeds.events_feed import DAYS, EventsFeed
from tui.feeds.reader_thread import FeedThread
from tui.formatting import plain
from tui.screens.app_port import port_of
from tui.textual_internals import Dialog
from tui.views.news_text import event_lines

NOTHING = ("nothing happened since your last visit",)
NO_EVENTS = f"no run has ended in the last {DAYS} days"
POLL_S = 3.0


class JournalScreen(Dialog[None]):
    """Journal. Any of the usual keys closes it."""

    BINDINGS = [("escape,q,enter,i", "dismiss", "back")]

    class Read(Message):
        """Events as they are now, or why they cannot be read."""

        def __init__(self, events: Events | None, problem: str = "") -> None:
            super().__init__()
            self.events, self.problem = events, problem

    def __init__(self, home: Home, news: Sequence[str]) -> None:
        """`news`: a summary and a line for each event since the last visit; empty for none."""
        super().__init__()
        self._news = news or NOTHING
        self._feed = FeedThread[Events](
            "journal",
            lambda: EventsFeed(home),
            lambda events: self.post_message(self.Read(events)),
            lambda error: self.post_message(self.Read(None, str(error))),
            lambda error: port_of(self).raise_from_thread(error),
            (StoreError,),
        )

    def compose(self) -> ComposeResult:
        head, *rest = map(plain, self._news)
        with VerticalScroll(id="dialog"):
            yield Static(Text(head, style="bold"))
            for line in rest:
                yield Static(Text(line))
            yield Static(Text(f"\nthe last {DAYS} days, latest first", style="bold"))
            yield Static(Text("reading …", style="dim"), id="events")
            yield Static(Text("\n↑ ↓ scroll   esc back", style="dim"))

    def on_mount(self) -> None:
        self.set_interval(POLL_S, self._feed.ask)
        self._feed.ask()

    def on_unmount(self) -> None:
        self._feed.stop()

    def on_journal_screen_read(self, message: Read) -> None:
        if message.events is None:
            text = f"✖ {plain(message.problem)}"
        else:
            text = "\n".join(map(plain, event_lines(message.events))) or NO_EVENTS
        self.query_one("#events", Static).update(Text(text))
