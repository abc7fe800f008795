"""The data sets of the runs: what each holds, and what is wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Thread
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from engine.files.paths import Home
from engine.problem import setting_words
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import SpecError
from tui import commands
from tui.formatting import fitted_end, plain
from tui.screens.help import HelpScreen
from tui.snapshot import RunRow
from tui.store_calls import Refused, stored_runs
from tui.views.data_text import data_lines

STYLES = {"✖": "bold", "⚠": "bold", "·": "dim", "✔": "bold"}


@dataclass(frozen=True)
class UsedData:
    """A data set, and the newest run that uses it, whose settings say how it is read."""

    name: str
    runs: int
    newest: int


def used_data(rows: Iterable[RunRow]) -> list[UsedData]:
    """Those with the newest runs first."""
    found: dict[str, UsedData] = {}
    for row in rows:
        before = found.get(row.data)
        newest = max(row.id, before.newest) if before else row.id
        found[row.data] = UsedData(row.data, (before.runs if before else 0) + 1, newest)
    return sorted(found.values(), key=lambda each: -each.newest)


class DataScreen(Screen[None]):
    TABLE = commands.DATA
    BINDINGS = commands.bindings(TABLE)
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high"), (34, "-tall")]

    class Read(Message):
        def __init__(self, name: str, lines: tuple[str, ...]) -> None:
            super().__init__()
            self.name, self.lines = name, lines

    def __init__(self, home: Home, rows: Iterable[RunRow], run_id: int | None) -> None:
        """`run_id`: the run whose data are looked at first."""
        super().__init__()
        self._home = home
        self._sets = used_data(rows)
        names = [row.data for row in rows if row.id == run_id]
        self._at = next((place for place, each in enumerate(self._sets) if each.name in names), 0)
        self._known: dict[str, tuple[str, ...]] = {}
        self._reading: set[str] = set()

    def compose(self) -> ComposeResult:
        yield Static("resnet-tui needs 80×24 characters: enlarge the window", id="too-small")
        yield Static(id="data-head", markup=False)
        with Horizontal(id="body"):
            yield Static(id="data-sets", markup=False)
            with VerticalScroll(id="data-pane", can_focus=False):
                yield Static(id="data-text", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#data-sets").display = len(self._sets) > 1
        self._look()

    @property
    def chosen(self) -> UsedData | None:
        return self._sets[self._at] if self._sets else None

    def _look(self) -> None:
        chosen = self.chosen
        if chosen is not None and chosen.name not in self._known and chosen.name not in self._reading:
            self._reading.add(chosen.name)
            # A daemon: nobody who quits waits for a slow disk.
            Thread(target=self._read, args=(chosen,), daemon=True).start()
        self._draw()

    def _read(self, used: UsedData) -> None:
        self.post_message(self.Read(used.name, tuple(_lines(self._home, used))))

    def on_data_screen_read(self, message: Read) -> None:
        self._known[message.name] = message.lines
        self._reading.discard(message.name)
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
        for line in self._known.get(chosen.name, ("reading …",)):
            text.append(f"{line}\n", style=STYLES.get(line[:1], ""))
        pane.update(text)

    def _draw_sets(self) -> None:
        """One data set a line; nothing where there is but one."""
        listed = self.query_one("#data-sets", Static)
        text = Text(no_wrap=True)
        for place, each in enumerate(self._sets):
            name = fitted_end(each.name, max(listed.size.width - 1, 8))
            text.append(f"{name}\n", style="reverse" if place == self._at else "")
        listed.update(text)

    # What keys do

    def _move(self, by: int) -> None:
        self._at = min(max(self._at + by, 0), max(len(self._sets) - 1, 0))
        self.query_one("#data-pane", VerticalScroll).scroll_home(animate=False)
        self._look()

    def action_down(self) -> None:
        self._move(1)

    def action_up(self) -> None:
        self._move(-1)

    def action_scroll(self, by: int) -> None:
        self.query_one("#data-pane", VerticalScroll).scroll_relative(y=by, animate=False)

    def action_again(self) -> None:
        """Read it anew: files may have come."""
        if self.chosen is not None:
            self._known.pop(self.chosen.name, None)
            self._look()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.TABLE))

    def action_leave(self) -> None:
        self.dismiss()


def _lines(home: Home, used: UsedData) -> Iterable[str]:
    from engine.datasets.source import survey_data
    from engine.datasets.survey import data_document

    try:
        spec = stored_runs(home, [used.newest])[0].spec
        document: dict[str, Any] = data_document(spec.data, survey_data(home, spec), None, on_bad=spec.on_bad)
    except (Refused, SpecError, OSError) as error:
        return [f"✖ {plain(error)}"]
    opened = spec.data in BUILTIN_DEFAULTS
    return (
        line
        if opened or not line.startswith("✔")
        else f"{line} by names and labels: no image was opened for this"
        for line in (plain(each) for each in data_lines(document, setting_words))
    )
