"""The keys and signs, from the table of commands."""

from collections.abc import Mapping

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.commands import (
    COMPARE,
    CONFUSION,
    CURVES,
    DATA,
    GENERAL,
    HOME,
    IMAGES,
    LIST,
    LOG,
    MOVING,
    ON_RUN,
    ON_RUNS,
    ON_WORKER,
    PAGES,
    RUN,
    SPEC,
    WORKERS,
    Command,
)
from tui.preferences.key_bindings import Keys
from tui.snapshot import GLYPHS

Columns = tuple[tuple[str, ...], ...]
ON_HOME: Columns = ((ON_RUNS, MOVING), (LIST, GENERAL))
ON_ONE: Columns = ((PAGES, CURVES, CONFUSION), (LOG, SPEC, ON_RUN, GENERAL))
ON_IMAGES: Columns = ((MOVING,), (LIST, GENERAL))
ON_COMPARED: Columns = ((PAGES, CURVES), (CONFUSION, GENERAL))
MORE = {GENERAL: [("ctrl+p", "find a command by its name")]}
ON_WORKERS: Columns = ((ON_WORKER,), (MOVING, GENERAL))
ON_DATA: Columns = ((MOVING,), (GENERAL,))
COLUMNS: dict[tuple[Command, ...], Columns] = {
    RUN: ON_ONE,
    IMAGES: ON_IMAGES,
    COMPARE: ON_COMPARED,
    WORKERS: ON_WORKERS,
    DATA: ON_DATA,
}
SIGNS = (
    "⚠ the answers show that the network has not learnt: see the verdict\n",
    "best: test accuracy at the epoch that select_on chose; by test_… optimistic\n",
    "kappa: quadratic weighted, – where classes have no order",
)


class HelpScreen(ModalScreen[None]):
    """Any of the usual keys leaves."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (118, "-wide")]
    BINDINGS = [("escape,q,question_mark,enter", "dismiss", "back")]

    def __init__(self, commands: tuple[Command, ...] = HOME) -> None:
        super().__init__()
        self._commands = commands
        self._columns = COLUMNS.get(commands, ON_HOME)

    def compose(self) -> ComposeResult:
        keymap: Mapping[str, str] = getattr(self.app, "keys", Keys()).keymap
        with VerticalScroll(id="dialog"):
            with Container(id="keys"):
                for titles in self._columns:
                    pages = (_page(title, self._commands, keymap) for title in titles)
                    yield Static(Group(*pages))
            yield Static(Text("   ".join(f"{glyph} {status}" for status, glyph in GLYPHS.items())))
            yield Static(Text.assemble(*SIGNS), classes="dim")


def _page(title: str, commands: tuple[Command, ...], keymap: Mapping[str, str]) -> Group:
    rows = [(command.key_text(keymap), command.help) for command in commands if command.group == title]
    return Group(Text(title, style="bold"), _grid([*rows, *MORE.get(title, ())]), Text(""))


def _grid(rows: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=6, style="bold")
    table.add_column(overflow="fold")
    for key, text in rows:
        table.add_row(Text(key), Text(text))
    return table
