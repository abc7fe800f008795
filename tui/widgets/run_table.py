"""Table of runs: only visible lines are made, so ten thousand runs scroll like ten."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.snapshot import RunRow
from tui.views.run_list import TableQuery, arrange, is_still
from tui.views.table_columns import Column, content, header, plan_columns, width_values, widths_of

if TYPE_CHECKING:
    from engine.metrics.metric import SplitMetric

HEAD = 1
# The theme's colour of each status's sign; those without one are dimmed.
COLOURS = {"running": "primary", "done": "success", "failed": "error"}


class RunTable(ScrollView, can_focus=True):
    """Runs filtered and ordered by a table query; keeps the cursor on its run, and the marks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move_by(-1)", show=False),
        Binding("down", "move_by(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--cursor", "table--dim"}

    cursor_row: reactive[int] = reactive(0, repaint=False)

    class Highlighted(Message):
        """Cursor that came to another run."""

        def __init__(self, run_id: int) -> None:
            super().__init__()
            self.run_id = run_id

    class HeaderClicked(Message):
        """Click on a column's head, to sort by it."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class MarksChanged(Message):
        pass

    class Opened(Message):
        """Request to open the highlighted run."""

    def __init__(self) -> None:
        super().__init__(id="runs")
        self.table_query = TableQuery()
        self.marks: set[int] = set()
        self._rows: Mapping[int, RunRow] = {}
        self._shown: tuple[int, ...] = ()
        self._plan: tuple[Column, ...] = ()
        self._metrics: tuple[SplitMetric, ...] = ()
        self._widths: dict[str, int] | None = None  # of columns that cut nothing
        self._styles: dict[str, Style] = {}
        self._range: tuple[int, frozenset[int]] | None = None
        """The run that a range begins at, and what was marked before."""
        self._told: int | None = None

    @property
    def row_count(self) -> int:
        return len(self._shown)

    @property
    def run_id(self) -> int | None:
        """Highlighted run; None in an empty table."""
        return self._shown[self.cursor_row] if 0 <= self.cursor_row < len(self._shown) else None

    @property
    def columns(self) -> tuple[Column, ...]:
        return self._plan

    def chosen(self) -> list[int]:
        """Return the marked runs that are shown, in their order; without any mark the highlighted one."""
        if self.marks:
            return [run_id for run_id in self._shown if run_id in self.marks]
        return [self.run_id] if self.run_id is not None else []

    @property
    def hidden_marks(self) -> int:
        """Marked runs that the filter hides: no key acts on them."""
        return len(self.marks.difference(self._shown))

    def show_rows(self, rows: Mapping[int, RunRow]) -> None:
        """Take newer rows; those that have not changed are the same objects."""
        before, self._rows = self._rows, rows
        changed = [each for each in rows.keys() & before.keys() if rows[each] is not before[each]]
        gone = self.marks - rows.keys()
        if gone:
            self.marks -= gone
            self.post_message(self.MarksChanged())
        is_other = any(width_values(rows[each]) != width_values(before[each]) for each in changed)
        widths = widths_of(rows.values(), self._widths) if is_other else self._widths
        plan = plan_columns(self._width, widths, self._metrics) if widths is not None else ()
        if plan != self._plan or not is_still(before, rows, changed, self.table_query):
            self._lay_out()
            return
        visible = {run_id: line for line, run_id in enumerate(self._visible())}
        for run_id in changed:
            if run_id in visible:
                self.refresh(Region(0, HEAD + visible[run_id], self.size.width, 1))

    def show_metrics(self, metrics: "Sequence[SplitMetric]") -> int:
        """Show a column for each of these, as far as the width holds them; gives how many it does not."""
        self._metrics = tuple(metrics)
        self._lay_out()
        return len({metric.key for metric in metrics} - {column.key for column in self._plan})

    def show_as(self, query: TableQuery) -> None:
        """Filter and sort; the cursor stays on its run where that is still shown."""
        self.table_query, self._range = query, None
        self._lay_out()
        self.post_message(self.MarksChanged())

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def _visible(self) -> tuple[int, ...]:
        top = self.scroll_offset.y
        return self._shown[top : top + max(self.size.height - HEAD, 0)]

    def _lay_out(self) -> None:
        keep, place = self.run_id, self.cursor_row
        was_in_view = not self._shown or keep in self._visible()
        self._shown = arrange(self._rows, self.table_query)
        self._widths = widths_of(self._rows.values(), self._widths)
        self._plan = plan_columns(self._width, self._widths, self._metrics)
        self.virtual_size = Size(self._width, len(self._shown) + HEAD)
        if keep is not None and keep in self._rows and keep in self._shown:
            place = self._shown.index(keep)
        self.set_reactive(RunTable.cursor_row, max(0, min(place, len(self._shown) - 1)))
        if was_in_view:  # who has scrolled away looks at something else
            self.keep_in_view()
        self.refresh()
        self._tell()

    # The cursor

    def move_to(self, row: int) -> None:
        if self._shown:
            before, self.cursor_row = self.cursor_row, max(0, min(row, len(self._shown) - 1))
            self._extend_range()
            self.keep_in_view()
            for each in {before, self.cursor_row}:
                line = each - self.scroll_offset.y + HEAD
                self.refresh(Region(0, line, self.size.width, 1))
            self._tell()

    def action_move_by(self, rows: int) -> None:
        self.move_to(self.cursor_row + rows)

    def action_page(self, pages: int) -> None:
        self.move_to(self.cursor_row + pages * max(self.size.height - HEAD - 1, 1))

    def keep_in_view(self) -> None:
        lines = max(self.size.height - HEAD, 1)
        top = self.scroll_offset.y
        wanted = min(max(top, self.cursor_row - lines + 1), self.cursor_row)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, immediate=True)

    def _tell(self) -> None:
        if self.run_id is not None and self.run_id != self._told:
            self.post_message(self.Highlighted(self.run_id))
        self._told = self.run_id

    # Marks

    def toggle_mark(self) -> None:
        """Mark or unmark the highlighted run and go on to the next."""
        if self.run_id is not None:
            self._range = None
            self.marks ^= {self.run_id}
            self._marked()
            self.move_to(self.cursor_row + 1)

    def toggle_range(self) -> None:
        """Mark from here to wherever the cursor goes, until it is called again."""
        if self._range is not None or self.run_id is None:
            self._range = None
        else:
            self._range = self.run_id, frozenset(self.marks)
        self._extend_range()
        self._marked()

    def mark_all(self) -> None:
        """Mark all that is shown; where all is, none."""
        shown = set(self._shown)
        self.marks = self.marks - shown if shown <= self.marks else self.marks | shown
        self._marked()

    def clear_marks(self) -> bool:
        """False where there was none."""
        had, self.marks, self._range = bool(self.marks), set(), None
        if had:
            self._marked()
        return had

    @property
    def in_range(self) -> bool:
        return self._range is not None

    def _extend_range(self) -> None:
        if self._range is None:
            return
        anchor, before = self._range
        if anchor not in self._shown:
            self._range = None
            return
        first, last = sorted((self._shown.index(anchor), self.cursor_row))
        self.marks = set(before) | set(self._shown[first : last + 1])
        self._marked()

    def _marked(self) -> None:
        self.refresh()
        self.post_message(self.MarksChanged())

    # Drawing and the mouse

    def on_resize(self) -> None:
        self._lay_out()

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()

    def on_click(self, event: events.Click) -> None:
        if event.y < HEAD:
            left = 0
            for column in self._plan:
                left += column.width + 1
                if event.x < left:
                    self.post_message(self.HeaderClicked(column.key))
                    return
            return
        row = event.y - HEAD + self.scroll_offset.y
        if row < len(self._shown):
            self.move_to(row)
            if event.chain == 2:
                self.post_message(self.Opened())

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        ground = self.rich_style
        if y < HEAD:
            style = self.get_component_rich_style("table--header")
            text = " ".join(
                header(column, self.table_query.sort, self.table_query.reverse) for column in self._plan
            )
            return Strip([Segment(text, style)]).adjust_cell_length(width, style)
        place = y - HEAD + self.scroll_offset.y
        if place >= len(self._shown):
            empty = "nothing fits: esc drops the filter" if self._rows else "reading the run table …"
            says = f"  {empty}" if not self._shown and y == HEAD + 1 else ""
            style = ground + self.get_component_rich_style("table--dim")
            return Strip([Segment(says, style)]).adjust_cell_length(width, ground)
        row = self._rows[self._shown[place]]
        base = self.get_component_rich_style("table--cursor") if place == self.cursor_row else ground
        marked = row.id in self.marks
        segments = [
            Segment(content(row, column, marked=marked) + " ", base + self._style(row, column.key))
            for column in self._plan
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, row: RunRow, key: str) -> Style:
        name = "foreground"
        if key == "mark":
            name = "accent"
        elif key == "status":
            name = COLOURS.get(row.status, "dim")
        elif key == "verdict" and row.warned:
            name = "warning"
        elif key == "epoch" and row.status == "failed":
            name = "error"
        elif row.status in ("queued", "cancelled", "paused") or key == "verdict":
            name = "dim"
        if name not in self._styles:
            if name == "dim":
                colour = self.get_component_rich_style("table--dim").color
            else:
                colour = Style.parse(self.app.theme_variables[name]).color
            self._styles[name] = Style(color=colour, bold=name in ("primary", "success", "error", "warning"))
        return self._styles[name]
