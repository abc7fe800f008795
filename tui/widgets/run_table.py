"""Table of runs, filtered, ordered and folded."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tui.run_row import RunRow
from tui.views.column_plan import RowValues, plan_columns
from tui.views.line_cells import PINNED, line_cells
from tui.views.run_ink import BOLD
from tui.views.run_lines import Lines, arrange_lines
from tui.views.run_list import TableQuery, is_still
from tui.views.run_marks import NO_MARK, RunMarks
from tui.views.table_choice import TableChoice
from tui.views.table_columns import Column, ColumnInfo, header
from tui.widgets.line_list import HEAD, LineList


class RunTable(LineList):
    """Runs filtered and ordered by a table query, those of a group in one line where they are folded; keeps the cursor
    on its line, and the marks."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--cursor", "table--dim"}

    class Highlighted(Message):
        """Cursor that came to another run or group."""

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
        self.is_grouped = False
        self.opened: frozenset[str] = frozenset()
        """Keys of the groups whose members are shown."""
        self._marks = RunMarks()
        self._rows: Mapping[int, RunRow] = {}
        self._groups: Mapping[int, RunRow] = {}
        self._all: Mapping[int, RunRow] = {}
        """Runs, and groups where they are folded."""
        self._lines = Lines()
        self._plan: tuple[Column, ...] = ()
        self._choice = TableChoice()
        self._own: Sequence[ColumnInfo] = ()
        """Columns of chosen metrics and settings."""
        self._values = RowValues()
        self._styles: dict[str, Style] = {}
        self._told: int | None = None
        self._with_reason: Callable[[RunRow], RunRow] = lambda row: row

    @property
    def shown(self) -> tuple[int, ...]:
        return self._lines.keys

    @property
    def runs(self) -> int:
        """Runs that have been read."""
        return len(self._rows)

    @property
    def runs_shown(self) -> int:
        """Runs that the filter leaves, those of folded groups too."""
        return len(self._lines.run_ids)

    @property
    def run_id(self) -> int | None:
        """Highlighted line: a run, or minus the first member of a group; None in an empty table."""
        return self.key

    @property
    def group(self) -> RunRow | None:
        """Row of the highlighted group; None on a run."""
        return self._groups.get(self.run_id) if self.run_id is not None and self.is_grouped else None

    @property
    def group_around(self) -> RunRow | None:
        """Row of the group that the highlighted run is shown below; None elsewhere."""
        key = next((group for group, some in self._lines.members.items() if self.run_id in some), None)
        return self._groups[key] if key is not None else None

    @property
    def marks(self) -> set[int]:
        return self._marks.ids

    @property
    def columns(self) -> tuple[Column, ...]:
        return self._plan

    def chosen(self) -> list[int]:
        """Return the marked runs that are shown, in their order; without any mark the highlighted one, or the members
        of the highlighted group."""
        if self.marks:
            return [run_id for run_id in self._lines.run_ids if run_id in self.marks]
        return self._lines.runs_of([self.run_id]) if self.run_id is not None else []

    def subjects(self) -> list[tuple[int, ...]]:
        """Return the runs of each that is to be compared: marked groups and runs, or the members of the highlighted
        group one by one."""
        if not self.marks:
            return [(run_id,) for run_id in self.chosen()] if self.group is not None else []
        return self._lines.subjects(self.marks, self._groups if self.is_grouped else {})

    @property
    def hidden_marks(self) -> int:
        """Marked runs that the filter hides: no key acts on them."""
        return len(self.marks.difference(self._lines.run_ids))

    def show_rows(
        self,
        rows: Mapping[int, RunRow],
        groups: Mapping[int, RunRow],
        with_reason: Callable[[RunRow], RunRow] = lambda row: row,
    ) -> None:
        """Take newer rows; unchanged ones are the same objects. `with_reason` adds to a drawn row why its run waits."""
        before, said_before = self._all, self._with_reason
        self._rows, self._groups, self._with_reason = rows, groups, with_reason
        self._all = {**rows, **groups} if self.is_grouped else rows
        news = [each for each, row in self._all.items() if before.get(each) is not row]
        changed = [each for each in news if each in before]
        if self._marks.keep(rows):
            self.post_message(self.MarksChanged())
        self._values.add([self._all[each] for each in news])
        plan = self._planned()
        if plan != self._plan or not is_still(before, self._all, changed, self.table_query):
            self._lay_out()
            return
        told = [key for key in self.in_window() if said_before(before[key]) != with_reason(self._all[key])]
        self.redraw({*changed, *told})

    def show_grouped(self, is_grouped: bool, opened: Collection[str]) -> None:
        """Fold the runs of each group into one line, but for the `opened` ones; or show all runs."""
        is_other = is_grouped != self.is_grouped
        self.is_grouped, self.opened = is_grouped, frozenset(opened)
        self._all = {**self._rows, **self._groups} if is_grouped else self._rows
        if is_other:
            self._values = RowValues(
                self._all.values(), self._own
            )  # columns that only groups have go with them
        self._marks.end_range()
        self._lay_out()

    def show_choice(self, choice: TableChoice, own: Sequence[ColumnInfo]) -> int:
        """Show the chosen columns, as far as the width holds them; gives how many it does not. `own`: those of metrics
        and settings."""
        self._choice, self._own = choice, own
        self._values = RowValues(self._all.values(), own)
        self._lay_out()
        return len({*choice.always, *choice.keys} - {column.key for column in self._plan})

    def show_as(self, query: TableQuery) -> None:
        """Filter and sort; the cursor stays on its run where that is still shown."""
        self.table_query = query
        self._marks.end_range()
        self._lay_out()
        self.post_message(self.MarksChanged())

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def _planned(self) -> tuple[Column, ...]:
        sort = self.table_query.sort
        return plan_columns(self._width, self._values.needs, self._choice, self._own, sort)

    def _lay_out(self) -> None:
        keep, place = self.run_id, self.cursor_row
        was_in_view = not self.shown or keep in self.in_window()
        groups = self._groups if self.is_grouped else {}
        self._lines = arrange_lines(self._rows, groups, self.table_query, self.opened)
        self._plan = self._planned()
        self.virtual_size = Size(self._width, len(self.shown) + HEAD)
        if keep is not None:
            place = self._place_of(keep, place)
        self.set_reactive(RunTable.cursor_row, max(0, min(place, len(self.shown) - 1)))
        if was_in_view:  # who has scrolled away looks at something else
            self.keep_in_view()
        self.refresh()
        self._tell()

    def _place_of(self, key: int, place: int) -> int:
        """Return the place of a run or of the group that it is folded into, or of a group's first member where groups
        are no longer folded; `place` where it has gone."""
        if key not in self.shown:
            folded = next((group for group, some in self._lines.members.items() if key in some), -key)
            key = folded if folded in self.shown else key
        return self.shown.index(key) if key in self.shown else place

    def moved(self) -> None:
        self._extend_range()
        self._tell()

    def _tell(self) -> None:
        if self.run_id is not None and self.run_id != self._told:
            self.post_message(self.Highlighted())
        self._told = self.run_id

    # Marks

    def toggle_mark(self) -> None:
        """Mark or unmark the highlighted run, or the members of the group, and go on to the next."""
        if self.run_id is not None:
            self._marks.toggle(self._lines.runs_of([self.run_id]))
            self._marked()
            self.move_to(self.cursor_row + 1)

    def toggle_range(self) -> None:
        """Mark from here to wherever the cursor goes, until it is called again."""
        if self.run_id is not None:
            self._marks.toggle_range(self.run_id)
            self._extend_range()
            self._marked()

    def mark_all(self) -> None:
        """Mark all that is shown; where all is, none."""
        self._marks.toggle_all(self._lines.run_ids)
        self._marked()

    def clear_marks(self) -> bool:
        """False where there was none."""
        had = self._marks.clear()
        if had:
            self._marked()
        return had

    @property
    def in_range(self) -> bool:
        return self._marks.in_range

    def _extend_range(self) -> None:
        if self._marks.extend(self.shown, self.cursor_row, self._lines.runs_of):
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
        if row < len(self.shown):
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
        if place >= len(self.shown):
            empty = "nothing fits: esc drops the filter" if self._rows else "reading the run table …"
            says = f"  {empty}" if not self.shown and y == HEAD + 1 else ""
            style = ground + self.get_component_rich_style("table--dim")
            return Strip([Segment(says, style)]).adjust_cell_length(width, ground)
        key = self.shown[place]
        row = self._with_reason(self._all[key])
        base = self.get_component_rich_style("table--cursor") if place == self.cursor_row else ground
        mark = self._marks.share(self._lines.runs_of([key]))
        if mark == NO_MARK and key in self.table_query.pinned:
            mark = PINNED
        cells = line_cells(row, self._plan, mark, self._lines.guides.get(key, " "))
        segments = [Segment(text, base + self._style(ink)) for text, ink in cells]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            if name == "dim":
                colour = self.get_component_rich_style("table--dim").color
            else:
                colour = Style.parse(self.app.theme_variables[name]).color
            self._styles[name] = Style(color=colour, bold=name in BOLD)
        return self._styles[name]
