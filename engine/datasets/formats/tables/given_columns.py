"""Columns that the user names, by heading or by number from 1."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.datasets.formats.problems import DataError, error
from engine.datasets.formats.tables.headings import heading
from engine.datasets.formats.tables.table_files import Table
from engine.datasets.read_options import ReadOptions
from engine.problem import WayOut


class ColumnsUnclear(DataError):
    """Error that asks for a column; `names` are a sample of the image names in the table."""

    def __init__(self, what: str, way: WayOut, names: Sequence[str]) -> None:
        self.names = names
        super().__init__(error("columns_unclear", what, ways=[way]))


@dataclass(frozen=True)
class GivenColumns:
    """Resolve the user's options against one table's header."""

    table: Table
    has_header: bool
    options: ReadOptions

    @property
    def header(self) -> tuple[str, ...]:
        """Return the headings; empty for a table without header."""
        return self.table.rows[0] if self.has_header else ()

    def place(self, option: str) -> int | None:
        """Return the column that an option names, counted from 0; None where it names none.

        Raises DataError where the table has no such column."""
        wanted: str = getattr(self.options, option)
        return self.find(wanted, option) if wanted else None

    def find(self, wanted: str, option: str) -> int:
        """Return the column with this heading or number. Raises DataError where the table has none."""
        for same in (str, str.lower, heading):
            found = [place for place, cell in enumerate(self.header) if same(cell) == same(wanted)]
            if found:
                return found[0]
        if wanted.isdecimal() and 1 <= int(wanted) <= self.table.width:
            return int(wanted) - 1
        what = f"{self.table.path} has no column {wanted!r}"
        raise DataError(error("no_column", what, ways=[self.choose(option)]))

    def choose(self, option: str) -> WayOut:
        """Return the advice to name a column, with the names to choose from."""
        names = ", ".join(cell or str(place) for place, cell in enumerate(self.header, 1))
        return WayOut(f"name one as {{}} ({names or f'1 to {self.table.width}'})", option)

    def named(self, place: int) -> str:
        """Name a column in a message: `column level`, or `column 2`, counted from 1, where it has no heading."""
        title = self.header[place] if self.header else ""
        return f"column {title or place + 1}"
