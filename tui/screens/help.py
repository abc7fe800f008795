"""The keys and signs, from the table of commands."""

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.commands import HOME
from tui.snapshot import GLYPHS


class HelpScreen(ModalScreen[None]):
    """Any of the usual keys leaves."""

    BINDINGS = [("escape,q,question_mark,enter", "dismiss", "back")]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog"):
            yield Static(Text("Keys", style="bold"))
            yield Static(_grid([(command.key_text, command.help) for command in HOME]))
            yield Static(_grid([("ctrl+p", "find a command by its name")]))
            yield Static(Text("\nSigns", style="bold"))
            yield Static(Text("   ".join(f"{glyph} {status}" for status, glyph in GLYPHS.items())))
            yield Static(_grid([("⚠", "the answers show that the network has not learnt: see the verdict")]))
            yield Static(
                Text(
                    "\nbest: test accuracy at the epoch select_on chose; by test_… optimistic",
                    style="dim",
                )
            )
            yield Static(Text("kappa: quadratic weighted, – where classes have no order", style="dim"))
            yield Static(Text("esc back", style="dim"))


def _grid(rows: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=8, style="bold")
    table.add_column()
    for key, text in rows:
        table.add_row(Text(key), Text(text))
    return table
