"""Cells of a line of the run table, with their inks. Pure."""

from collections.abc import Sequence

from engine.analysis.finding import SIGNS
from engine.store.status import STATUSES
from tui.formatting import decimals
from tui.run_row import GLYPHS, RunRow
from tui.views.run_ink import SIGNS as INKS
from tui.views.run_ink import ink_of
from tui.views.run_lines import MEMBERS
from tui.views.table_columns import Column, content

Cell = tuple[str, str]
"""Text, and the name of its ink."""


PINNED = "▴"
"""Mark of a run that stays on top."""


def line_cells(row: RunRow, columns: Sequence[Column], mark: str, guide: str) -> list[Cell]:
    """Return the cells of a run or group, or the words of a section."""
    if row.section is not None:
        return _section_cells(row, mark, guide)
    return [
        (
            f"{content(row, column, mark=mark, guide=guide)} ",
            ink_of(row, column.key, is_member=guide in MEMBERS),
        )
        for column in columns
    ]


def _section_cells(row: RunRow, mark: str, guide: str) -> list[Cell]:
    """Return `▸ arch resnet18  4 runs  ✔ 3  ✖ 1  best .8967 #12  ⚠ collapsed ×2`."""
    section, fold = row.section, row.fold
    assert section is not None and fold is not None
    runs = len(fold.members)
    cells = [
        (f"{mark} {guide} ", "accent"),
        (section.label, "foreground"),
        (f"  {runs:,} run{'s' if runs > 1 else ''} ", "dim"),
    ]
    counts = dict(section.counts)
    for status in STATUSES:
        if counts.get(status):
            cells.append((f" {GLYPHS[status]} ", INKS.get(status, "dim")))
            cells.append((f"{counts[status]:,} ", "dim"))
    if row.best is not None:
        cells.append((f"  best {decimals(row.best)} #{section.best}", "foreground"))
    if row.warned:
        cells.append((f"  {SIGNS[row.severity]} {row.headline} ×{fold.flagged}", row.severity))
    return cells
