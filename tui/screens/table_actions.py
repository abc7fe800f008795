"""Keys of the run table: cursor, marks, filter and order."""

from dataclasses import replace
from functools import partial

from tui.screens.full_screen import Handlers
from tui.screens.runs_screen import RunsScreen
from tui.views.run_list import QUEUE, SORTS, TableQuery
from tui.widgets.filter_line import FilterLine
from tui.widgets.run_table import RunTable


class TableActions:
    """Changes what the table shows; the order is kept for the next start, the filter is not."""

    def __init__(self, screen: RunsScreen, table: RunTable, line: FilterLine) -> None:
        self._screen, self._table, self._line = screen, table, line

    def handlers(self) -> Handlers:
        table = self._table
        return {
            "mark": table.toggle_mark,
            "mark_range": table.toggle_range,
            "mark_all": table.mark_all,
            "filter": self._line.open,
            "sort": self.sort_by_next,
            "reverse": self.reverse,
            "down": partial(table.action_move_by, 1),
            "up": partial(table.action_move_by, -1),
            "first": partial(table.move_to, 0),
            "last": lambda: table.move_to(table.row_count - 1),
        }

    def show_as(self, query: TableQuery) -> None:
        """Show the table in another order, and keep that for the next start."""
        port = self._screen.port
        self._table.show_as(query)
        if (query.sort, query.reverse) != (port.preferences.sort, port.preferences.reverse):
            port.change_preferences(sort=query.sort, reverse=query.reverse)

    def sort_by(self, key: str) -> None:
        """Sort by a column; the second time in reverse; the third time in the queue's order."""
        if key not in SORTS:
            return
        query = self._table.table_query
        if query.sort != key:
            self.show_as(replace(query, sort=key, reverse=False))
        elif not query.reverse:
            self.show_as(replace(query, reverse=True))
        else:
            self.show_as(replace(query, sort=QUEUE, reverse=False))

    def sort_by_next(self) -> None:
        """Sort by the next visible column that can be sorted by."""
        keys = [QUEUE, *(column.key for column in self._table.columns if column.key in SORTS)]
        query = self._table.table_query
        place = keys.index(query.sort) if query.sort in keys else 0
        self.show_as(replace(query, sort=keys[(place + 1) % len(keys)], reverse=False))

    def reverse(self) -> None:
        query = self._table.table_query
        self.show_as(replace(query, reverse=not query.reverse))

    def back(self) -> None:
        """Drop one thing: the marks, else the filter, else the order."""
        if self._table.clear_marks() or self._line.clear():
            return
        query = self._table.table_query
        if query.sort != QUEUE or query.reverse:
            self.show_as(replace(query, sort=QUEUE, reverse=False))
