"""Help page: keys and signs, from the table of commands."""

from collections.abc import Mapping

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Table as Grid
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from tui.commands import COMPARE, DATA, HOME, IMAGES, RUN, WORKERS, Table
from tui.commands.command import (
    CONFUSION,
    CURVES,
    GENERAL,
    LIST,
    LOG,
    MOVING,
    ON_RUNS,
    ON_WORKER,
    PAGES,
    SPEC,
)
from tui.preferences.key_bindings import Keys
from tui.run_row import GLYPHS
from tui.textual_internals import Dialog

Columns = tuple[tuple[str, ...], ...]
COLUMNS: dict[Table, Columns] = {
    HOME: ((ON_RUNS, CURVES, MOVING), (LIST, GENERAL)),
    RUN: ((PAGES, CURVES, CONFUSION), (LOG, SPEC, ON_RUNS, GENERAL)),
    IMAGES: ((MOVING,), (LIST, GENERAL)),
    COMPARE: ((PAGES, CURVES), (CONFUSION, GENERAL)),
    WORKERS: ((ON_WORKER,), (MOVING, GENERAL)),
    DATA: ((MOVING,), (GENERAL,)),
}
"""Groups of each screen's commands, in columns."""
HEADINGS: Mapping[tuple[Table, str], str] = {(RUN, ON_RUNS): "On this run"}
"""Headings that are not the group's name."""
MORE = {
    GENERAL: [
        ("ctrl+p", "Find a command by some of its letters"),
        ("ctrl+z", "Go to the shell; fg comes back"),
    ]
}
SIGNS = (
    "✖ error, ⚠ warning, · note: the gravest finding (4 has all)\n",
    "best: test accuracy at the epoch that select_on chose; optimistic where select_on is test_…\n",
    "kappa: quadratic weighted, – where classes have no order",
)


class HelpScreen(Dialog[None]):
    """Keys of one screen. Any of the usual keys closes it."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (118, "-wide")]
    BINDINGS = [("escape,q,question_mark,enter", "dismiss", "back")]

    def __init__(self, table: Table) -> None:
        super().__init__()
        self._table = table

    def compose(self) -> ComposeResult:
        keymap: Mapping[str, str] = getattr(self.app, "keys", Keys()).keymap
        with VerticalScroll(id="dialog"):
            with Container(id="keys"):
                for groups in COLUMNS[self._table]:
                    yield Static(Kept(Group(*(self._group(group, keymap) for group in groups))))
            yield Static(Text("   ".join(f"{glyph} {status}" for status, glyph in GLYPHS.items())))
            yield Static(Text.assemble(*SIGNS), classes="dim")

    def _group(self, group: str, keymap: Mapping[str, str]) -> Group:
        heading = HEADINGS.get((self._table, group), group)
        rows = [(each.key_text(keymap), each.help) for each in self._table if each.group == group]
        return Group(Text(heading, style="bold"), _grid([*rows, *MORE.get(group, ())]), Text(""))


class Kept:
    """Rich text that is laid out once for each width: Textual lays it out four times to draw it once."""

    def __init__(self, text: RenderableType) -> None:
        self._text = text
        self._segments: dict[int, list[Segment]] = {}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        if width not in self._segments:
            self._segments[width] = list(console.render(self._text, options))
        return self._segments[width]


def _grid(rows: list[tuple[str, str]]) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    grid.add_column(width=6, style="bold")
    grid.add_column(overflow="fold")
    for key, text in rows:
        grid.add_row(Text(key), Text(text))
    return grid
