"""Screen of the runs' data sets: what each holds, and what is wrong with it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.text import Text
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from engine.files.paths import Home
from engine.problem import setting_words
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import SpecError
from tui import commands
from tui.commands import Command
from tui.feeds.reader_thread import start_once
from tui.formatting import fitted_end, plain
from tui.run_row import RunRow
from tui.screens.full_screen import ALWAYS, FullScreen, Handlers
from tui.store_calls import Refused, stored_runs
from tui.views.data_text import data_lines

SCROLL_LINES = 10
TOLD_EVERY = 64
"""Images between two lines of progress."""
NO_DATA = "no run names any data yet"
UNREAD = "✖ an error of the program's own ended the reading: press r to read the data again"
STYLES = {"✖": "bold", "⚠": "bold", "·": "dim", "✔": "bold"}


@dataclass(frozen=True)
class UsedData:
    """Data set with the newest run that uses it: its settings say how the data are read."""

    name: str
    runs: int
    newest: int


def used_data(rows: Iterable[RunRow]) -> list[UsedData]:
    """Return the data sets of the runs, those with the newest runs first."""
    found: dict[str, UsedData] = {}
    for row in rows:
        before = found.get(row.data)
        newest = max(row.id, before.newest) if before else row.id
        found[row.data] = UsedData(row.data, (before.runs if before else 0) + 1, newest)
    return sorted(found.values(), key=lambda each: -each.newest)


class DataScreen(FullScreen[None]):
    TABLE = commands.DATA
    BINDINGS = commands.bindings(TABLE)

    class Read(Message):
        def __init__(self, name: str, lines: tuple[str, ...]) -> None:
            super().__init__()
            self.name, self.lines = name, lines

    class Opened(Message):
        """Progress of opening the images of a data set."""

        def __init__(self, name: str, text: str) -> None:
            super().__init__()
            self.name, self.text = name, text

    def __init__(self, home: Home, rows: Iterable[RunRow], run_id: int | None) -> None:
        """`run_id`: run whose data are shown first."""
        super().__init__()
        self._home = home
        self._sets = used_data(rows)
        names = [row.data for row in rows if row.id == run_id]
        self._at = next((place for place, each in enumerate(self._sets) if each.name in names), 0)
        self._known: dict[str, tuple[str, ...]] = {}
        self._reading: dict[str, str] = {}
        """Data sets that are being read, with how far that is."""

    def handlers(self) -> Handlers:
        return {
            "down": partial(self._move, 1),
            "up": partial(self._move, -1),
            "scroll_down": partial(self._scroll, SCROLL_LINES),
            "scroll_up": partial(self._scroll, -SCROLL_LINES),
            "again": self._read_again,
            "check_images": partial(self._read_again, opens=True),
            "help": self.open_help,
            "leave": self.leave,
        }

    def why_not(self, command: Command) -> str:
        return super().why_not(command) or ("" if self._sets or command.id in ALWAYS else NO_DATA)

    def compose_head(self) -> Widget:
        return Static(id="data-head", markup=False)

    def compose_body(self) -> Iterable[Widget]:
        with Horizontal(id="body"):
            yield Static(id="data-sets", markup=False)
            with VerticalScroll(id="data-pane", can_focus=False):
                yield Static(id="data-text", markup=False)

    def on_mount(self) -> None:
        self.query_one("#data-sets").display = len(self._sets) > 1
        self._look()

    @property
    def chosen(self) -> UsedData | None:
        return self._sets[self._at] if self._sets else None

    def _look(self, *, opens: bool = False) -> None:
        """Read the chosen data set where it is not known; `opens`: every image too."""
        chosen = self.chosen
        if chosen is not None and chosen.name not in self._known and chosen.name not in self._reading:
            self._reading[chosen.name] = "reading …"
            start_once("data", partial(self._read, chosen, opens), self.raise_from_thread)
        self._draw()

    def _read(self, used: UsedData, opens: bool) -> None:
        """Read a data set, in a thread of its own: a slow folder holds up no other set."""
        lines: tuple[str, ...] = (UNREAD,)

        def opened(done: int, total: int) -> None:
            if done % TOLD_EVERY == 0:
                self.post_message(self.Opened(used.name, f"opened {done:,} of {total:,} images …"))

        try:
            lines = tuple(_lines(self._home, used, opened if opens else None))
        finally:
            self.post_message(self.Read(used.name, lines))

    def on_data_screen_opened(self, message: Opened) -> None:
        if message.name in self._reading:
            self._reading[message.name] = message.text
            self._draw()

    def on_data_screen_read(self, message: Read) -> None:
        self._known[message.name] = message.lines
        self._reading.pop(message.name, None)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        chosen = self.chosen
        head, pane = self.query_one("#data-head", Static), self.query_one("#data-text", Static)
        if chosen is None:
            head.update(Text("no data yet", style="bold"))
            pane.update(
                Text("No run names any data yet: press n on the first screen to queue one.", style="dim")
            )
            return
        title = Text(chosen.name, style="bold", no_wrap=True, overflow="ellipsis")
        title.append(f"   {chosen.runs:,} run{'' if chosen.runs == 1 else 's'}", style="dim")
        head.update(title)
        self._draw_sets()
        text = Text()
        for line in self._known.get(chosen.name, (self._reading.get(chosen.name, ""),)):
            text.append(f"{line}\n", style=STYLES.get(line[:1], ""))
        pane.update(text)

    def _draw_sets(self) -> None:
        """List the data sets, one a line."""
        listed = self.query_one("#data-sets", Static)
        text = Text(no_wrap=True)
        for place, each in enumerate(self._sets):
            name = fitted_end(each.name, max(listed.size.width - 1, 8))
            text.append(f"{name}\n", style="reverse" if place == self._at else "")
        listed.update(text)

    # Commands

    def _move(self, by: int) -> None:
        self._at = min(max(self._at + by, 0), max(len(self._sets) - 1, 0))
        self.query_one("#data-pane", VerticalScroll).scroll_home(animate=False)
        self._look()

    def _scroll(self, by: int) -> None:
        self.query_one("#data-pane", VerticalScroll).scroll_relative(y=by, animate=False)

    def _read_again(self, *, opens: bool = False) -> None:
        """Read the data set again: files may have come. `opens`: every image is opened too, which takes its time."""
        if self.chosen is not None:
            self._known.pop(self.chosen.name, None)
            self._look(opens=opens)


def _lines(home: Home, used: UsedData, opened: Callable[[int, int], None] | None) -> Iterable[str]:
    """Return the lines of `data check`; `opened` is told how many images have been opened, None where none are."""
    from engine.datasets.source import survey_data
    from engine.datasets.survey import data_document, look_at_images

    try:
        spec = stored_runs(home, [used.newest])[0].spec
        survey = survey_data(home, spec)
        looks = None
        if opened is not None and survey.index is not None:
            looks = look_at_images(survey.index, opened, survey.missing)
        document: dict[str, Any] = data_document(
            spec.data,
            survey,
            looks,
            on_bad=spec.on_bad,
            split_seed=spec.split_seed,
            folds=spec.folds,
        )
    except (Refused, SpecError, OSError) as error:
        return [f"✖ {plain(error)}"]
    is_whole = looks is not None or spec.data in BUILTIN_DEFAULTS
    return (
        line if is_whole or not line.startswith("✔") else f"{line} by names and labels; no image was opened"
        for line in (plain(each) for each in data_lines(document, setting_words))
    )
