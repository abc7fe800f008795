"""Key that builds the report of the marked runs, or of the highlighted run's sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.store.run_numbers import numbered
from engine.text import slug
from tui.screens.full_screen import Handlers
from tui.screens.report_screen import ReportScreen
from tui.screens.runs_screen import RunsScreen

if TYPE_CHECKING:
    from tui.snapshot import RunRow

MOST_NAMED = 60
"""Characters of a folder's name."""


class ReportActions:
    """Opens the dialog in which a process builds the report."""

    def __init__(self, screen: RunsScreen) -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        return {"report": self.report}

    def report(self) -> None:
        rows = self._screen.chosen_rows()
        if not rows:
            return
        if not any(row.epoch for row in rows) and len(rows) > 1:
            self._screen.notify("none of these runs has completed an epoch yet", severity="warning")
            return
        of, arguments, folder = _wanted(rows)
        out = self._screen.port.home.root / "reports" / folder
        self._screen.app.push_screen(ReportScreen(self._screen.port.home, of, arguments, out))


def _wanted(rows: Sequence[RunRow]) -> tuple[str, list[str], str]:
    """Return what the report is of in words, the arguments of `resnet-tui report`, and its folder's name."""
    sweep = rows[0].sweep if len(rows) == 1 else ""
    if sweep:
        return f"sweep {sweep}", [f"--sweep={sweep}"], slug(sweep)
    ids = [str(number) for number in sorted(row.id for row in rows)]
    folder = "-".join(["runs", *ids])
    if len(folder) > MOST_NAMED:
        folder = f"runs-{ids[0]}-to-{ids[-1]}-{len(ids)}-runs"
    return numbered(row.id for row in rows), ids, folder
