"""Keys of the run table: cursor, marks, filter, order and columns."""

from dataclasses import replace
from functools import partial

from tui.screens.full_screen import Handlers
from tui.screens.runs_screen import RunsScreen
from tui.snapshot import Snapshot
from tui.views.run_list import QUEUE, TableQuery
from tui.views.table_choice import columns_of, table_choice
from tui.views.table_columns import SORTS
from tui.widgets.filter_line import FilterLine
from tui.widgets.run_table import RunTable

MOST_OPENED = 100
"""Opened groups that are remembered."""
OF_ROWS = ("mark", "mark_range", "mark_all", "down", "up", "first", "last")
NO_RUNS = "the table shows no run"
NO_GROUP = "no group is highlighted: G folds the runs of each group"


MOST_PINNED = 20


def opened_groups(text: str) -> list[str]:
    """Parse the opened groups as they are kept, the newest last."""
    return [key for key in text.split(",") if key]


class TableActions:
    """Changes what the table shows; the order is kept for the next start, the filter is not."""

    def __init__(self, screen: RunsScreen, table: RunTable, line: FilterLine) -> None:
        self._screen, self._table, self._line = screen, table, line
        self._waits_for_groups = False
        """Groups were asked for, and no snapshot has them yet."""

    def handlers(self) -> Handlers:
        table = self._table
        return {
            "mark": table.toggle_mark,
            "mark_range": table.toggle_range,
            "mark_all": table.mark_all,
            "pin": self.pin,
            "filter": self._line.open,
            "sort": self.sort_by_next,
            "columns": self.choose_columns,
            "groups": self.turn_groups,
            "unfold": self.unfold,
            "fold": self.fold,
            "reverse": self.reverse,
            "down": partial(table.action_move_by, 1),
            "up": partial(table.action_move_by, -1),
            "first": partial(table.move_to, 0),
            "last": lambda: table.move_to(table.row_count - 1),
        }

    def why_not(self, command_id: str) -> str:
        """Return why a command of the table cannot be given now; empty where it can."""
        if command_id == "compare":
            return self.not_compared()
        if command_id in ("unfold", "fold"):
            group = self._table.group or (self._table.group_around if command_id == "fold" else None)
            return "" if group is not None else NO_GROUP
        return NO_RUNS if command_id in OF_ROWS and not self._table.row_count else ""

    def not_compared(self) -> str:
        """Return why the marked runs and groups cannot be compared; empty where they can."""
        from tui.views.compared import MOST  # the first frame waits for no comparison

        count = len(self._table.subjects())
        few = "mark them with space first" if count < 2 else f"{count} are marked"
        return "" if 2 <= count <= MOST else f"two to {MOST} runs or groups are compared: {few}"

    @property
    def sorts(self) -> tuple[str, ...]:
        """Columns that can be sorted by."""
        return *SORTS, *table_choice(self._screen.port.preferences.columns).keys

    def restore(self) -> None:
        """Show columns and order as the user left them."""
        preferences = self._screen.port.preferences
        self._show_columns(preferences.columns)
        if preferences.grouped:
            self._table.show_grouped(True, opened_groups(preferences.opened))
        query = replace(self._table.table_query, pinned=frozenset(preferences.pins))
        if preferences.sort in self.sorts:
            query = replace(query, sort=preferences.sort, reverse=preferences.reverse)
        if query != self._table.table_query:
            self._table.show_as(query)

    def pin(self) -> None:
        """Keep the chosen runs on top of the table; where all of them are there already, no longer. The last of them is
        drawn behind others."""
        table, port = self._table, self._screen.port
        chosen, before = table.chosen(), port.preferences.pins
        is_pinned = set(chosen) <= set(before)
        pinned = [each for each in before if each not in chosen] + ([] if is_pinned else chosen)
        if len(pinned) > MOST_PINNED:
            self._screen.notify(
                f"at most {MOST_PINNED} runs are pinned: b on a pinned one lets go of it", severity="warning"
            )
            return
        table.show_as(replace(table.table_query, pinned=frozenset(pinned)))
        port.change_preferences(pinned=",".join(map(str, pinned)))
        port.refresh_feed()

    # Groups

    def turn_groups(self) -> None:
        """Ask what the runs are grouped by."""
        from tui.screens.choose_groups import GroupsScreen  # the first frame waits for no list of settings

        preferences = self._screen.port.preferences
        self._screen.app.push_screen(GroupsScreen(preferences.groups, preferences.group_by), self._group)

    def _group(self, by: str | None) -> None:
        """Fold the runs into groups, or show them all again where it is empty."""
        table, port = self._table, self._screen.port
        if by is None or by == port.preferences.groups:
            return
        table.show_grouped(bool(by), table.opened)
        port.change_preferences(grouped=bool(by), group_by=by or port.preferences.group_by)
        self._waits_for_groups = bool(by)
        port.refresh_feed()

    def take_groups(self, snapshot: Snapshot) -> None:
        """Say once where there is no group to fold."""
        if self._waits_for_groups and snapshot.group_by == self._screen.port.preferences.groups:
            self._waits_for_groups = False
            if not snapshot.groups and snapshot.rows:
                text = "no groups yet: runs of equal settings but for the seed make one"
                self._screen.notify(text, severity="warning")

    def turn_group(self) -> None:
        """Show the members of the highlighted group, or fold them."""
        group = self._table.group
        if group is not None:
            self._open(group.group, is_open=group.group not in self._table.opened)

    def unfold(self) -> None:
        if self._table.group is not None:
            self._open(self._table.group.group, is_open=True)

    def fold(self) -> None:
        """Fold the highlighted group, or the one that the highlighted run is a member of."""
        group = self._table.group or self._table.group_around
        if group is not None:
            self._open(group.group, is_open=False)

    def _open(self, key: str, *, is_open: bool) -> None:
        port = self._screen.port
        before = [each for each in opened_groups(port.preferences.opened) if each != key]
        opened = [*before, key][-MOST_OPENED:] if is_open else before
        if set(opened) != self._table.opened:
            self._table.show_grouped(True, opened)
            port.change_preferences(opened=",".join(opened))

    def choose_columns(self) -> None:
        """Ask which columns the table shows."""
        from tui.screens.choose_columns import ColumnsScreen  # the first frame waits for no list of boxes

        choice = table_choice(self._screen.port.preferences.columns)
        self._screen.app.push_screen(ColumnsScreen(choice), self._take_columns)

    def _take_columns(self, choice: str | None) -> None:
        port = self._screen.port
        if choice is None or choice == port.preferences.columns:
            return
        port.change_preferences(columns=choice)
        if self._table.table_query.sort not in self.sorts:
            self.show_as(replace(self._table.table_query, sort=QUEUE, reverse=False))
        if hidden := self._show_columns(choice):
            text = f"no room for {hidden} of the columns: widen the window"
            self._screen.notify(text, severity="warning")
        port.refresh_feed()

    def _show_columns(self, text: str) -> int:
        """Return how many of the chosen columns the width does not hold."""
        choice = table_choice(text)
        return self._table.show_choice(choice, columns_of(choice.chosen))

    def show_as(self, query: TableQuery) -> None:
        """Show the table in another order, and keep that for the next start."""
        port = self._screen.port
        self._table.show_as(query)
        if (query.sort, query.reverse) != (port.preferences.sort, port.preferences.reverse):
            port.change_preferences(sort=query.sort, reverse=query.reverse)

    def sort_by(self, key: str) -> None:
        """Sort by a column; the second time in reverse; the third time in the queue's order."""
        if key not in self.sorts:
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
        keys = [QUEUE, *(column.key for column in self._table.columns if column.key in self.sorts)]
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
