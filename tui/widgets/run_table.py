"""The table of runs: patched by run, rebuilt only when its order changes."""

from dataclasses import dataclass

from rich.text import Text
from textual.message import Message
from textual.widgets import DataTable

from tui.snapshot import GLYPHS, RunRow

BAR = 6
# The theme's colour of each status's sign; those without one are dimmed.
COLOURS = {"running": "primary", "done": "success", "failed": "error"}


@dataclass(frozen=True)
class ColumnPlan:
    key: str
    label: str
    width: int
    right: bool = False


EPOCH_WIDTH = 14
ALWAYS = (
    ColumnPlan("glyph", "", 2),
    ColumnPlan("id", "#", 4, right=True),
    ColumnPlan("data", "data", 9),
    ColumnPlan("arch", "arch", 9),
    ColumnPlan("pretrained", "weights", 8),
    ColumnPlan("lr", "lr", 6, right=True),
    ColumnPlan("epoch", "epoch", EPOCH_WIDTH),
    ColumnPlan("best", "best", 6, right=True),
    ColumnPlan("kappa", "kappa", 5, right=True),
)
OPTIONAL = (ColumnPlan("name", "name", 30),)


def plan_columns(width: int) -> tuple[ColumnPlan, ...]:
    """The columns for a width: further ones as there is room, the rest of it for the epoch's remark."""
    columns = list(ALWAYS)
    spare = width - sum(column.width + 1 for column in columns)
    for extra in OPTIONAL:
        if spare > extra.width + 6:
            columns.append(extra)
            spare -= extra.width + 1
    grown = ColumnPlan("epoch", "epoch", EPOCH_WIDTH + max(0, min(spare, 26)))
    return tuple(grown if column.key == "epoch" else column for column in columns)


class RunTable(DataTable[Text]):
    """Posts `Highlighted` when the cursor comes to another run."""

    class Highlighted(Message):
        def __init__(self, run_id: int) -> None:
            super().__init__()
            self.run_id = run_id

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, cell_padding=0, id="runs")
        self._shown: tuple[RunRow, ...] = ()
        self._plan: tuple[ColumnPlan, ...] = ()
        self._quiet = False

    @property
    def run_id(self) -> int | None:
        """The highlighted run."""
        return self._shown[self.cursor_row].id if 0 <= self.cursor_row < len(self._shown) else None

    def on_resize(self) -> None:
        self._rebuild(self._shown)

    def show_rows(self, rows: tuple[RunRow, ...]) -> None:
        if [row.id for row in rows] != [row.id for row in self._shown] or not self._plan:
            self._rebuild(rows)
            return
        for old, new in zip(self._shown, rows, strict=True):
            if old != new:
                self._patch(new)
        self._shown = rows

    def _patch(self, row: RunRow) -> None:
        for column in self._plan:
            self.update_cell(str(row.id), column.key, self._cell(row, column))

    def _rebuild(self, rows: tuple[RunRow, ...]) -> None:
        """Lay all out anew; the cursor stays on its run."""
        keep, row_before = self.run_id, self.cursor_row
        self._quiet = True
        self._plan, self._shown = plan_columns(self.size.width), rows
        self.clear(columns=True)
        for column in self._plan:
            label = Text(column.label.rjust(column.width) if column.right else column.label, style="dim")
            self.add_column(label, key=column.key, width=column.width + 1)
        for row in rows:
            self.add_row(*(self._cell(row, column) for column in self._plan), key=str(row.id))
        ids = [row.id for row in rows]
        if rows:
            place = ids.index(keep) if keep in ids else min(row_before, len(ids) - 1)
            self.move_cursor(row=place, animate=False)
        self.call_after_refresh(self._speak)

    def _speak(self) -> None:
        self._quiet = False
        if self.run_id is not None:
            self.post_message(self.Highlighted(self.run_id))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if not self._quiet and self.run_id is not None:
            self.post_message(self.Highlighted(self.run_id))

    def _cell(self, row: RunRow, column: ColumnPlan) -> Text:
        style = self._style(row, column.key)
        text = _content(row, column)
        text = text[: column.width - 1] + "…" if len(text) > column.width else text
        return Text(text.rjust(column.width) if column.right else text, style=style, no_wrap=True)

    def _style(self, row: RunRow, key: str) -> str:
        colours = self.app.theme_variables
        if key == "glyph" and row.status in COLOURS:
            return f"bold {colours[COLOURS[row.status]]}"
        if key == "best" and row.warned:
            return f"bold {colours['warning']}"
        if key == "epoch" and row.status == "failed":
            return str(colours["error"])
        return "dim" if row.status in ("queued", "cancelled", "paused") else ""


def _content(row: RunRow, column: ColumnPlan) -> str:
    if column.key == "glyph":
        return GLYPHS[row.status]
    if column.key == "best":
        return row.best + ("⚠" if row.warned else " ")
    if column.key == "epoch":
        return _epoch(row, column.width)
    return str(getattr(row, column.key))


def _epoch(row: RunRow, width: int) -> str:
    """A bar and `6/10`; why a run waits; what it does before its first step; why and where it failed."""
    count = f"{row.epoch}/{row.epochs}"
    if row.status == "queued":
        return row.remark if not row.epoch else f"{count} {row.remark}"
    if row.status == "failed":
        return f"{count} {row.remark}"
    if row.asked:
        return f"{count} {'cancelling' if row.asked == 'cancel' else 'pausing'}"
    if row.status != "running":
        return count
    if row.remark:
        return f"{count} {row.remark}" if row.epoch else row.remark
    return f"{bar(row.progress, min(BAR, width - len(count) - 3))} {count}"


def bar(share: float, width: int) -> str:
    """A progress bar in eighths of a character, between two half-blocks."""
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    blocks = "█" * full + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")
    return f"▕{blocks.ljust(width)}▏"
