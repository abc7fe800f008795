"""Filter of the run table: it waits for what it names until that has been read of all runs."""

from dataclasses import replace

from engine.store.chosen import NOTHING, Chosen
from tui.screens.runs_screen import RunsScreen
from tui.snapshot import Snapshot
from tui.views.run_list import Term, asked_by
from tui.widgets.filter_line import FilterLine
from tui.widgets.run_table import RunTable


class TableFilter:
    """Filters the table by the words whose metrics and settings have been read of all rows, at once or with the first
    snapshot that has them; until then the line says what is read, for rows would fit or not by chance."""

    def __init__(self, screen: RunsScreen, table: RunTable, line: FilterLine) -> None:
        self._screen, self._table, self._line = screen, table, line
        self._terms: tuple[Term, ...] = ()
        self._known = NOTHING
        """Metrics and settings that all rows of the newest snapshot have."""

    @property
    def asked(self) -> Chosen:
        """Return the metrics and settings that are read for the filter."""
        return asked_by(self._terms)

    def take(self, terms: tuple[Term, ...]) -> None:
        """Take a filter that was typed."""
        self._terms = terms
        self._apply()
        if not self._known.has(self.asked):
            self._screen.port.refresh_feed()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Take the values that are read now, after the table has its rows."""
        self._known = snapshot.chosen
        self._apply()

    def _apply(self) -> None:
        """Filter by what is known, and say how many runs are left, or what is read."""
        terms = tuple(term for term in self._terms if self._known.has(asked_by([term])))
        if terms != self._table.table_query.terms:
            self._table.show_as(replace(self._table.table_query, terms=terms))
        if lacking := [key for key in self.asked.keys if key not in self._known.keys]:
            self._line.wait_for(f"reading {', '.join(lacking)} …")
        elif terms:
            self._line.say(f"{self._table.runs_shown:,} of {self._table.runs:,}")
