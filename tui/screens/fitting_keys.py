"""Keys that do something with the chosen runs, as their status is. Pure."""

from collections.abc import Sequence

from tui.commands import Table
from tui.run_row import RunRow
from tui.screens.run_needs import is_active, lacking


def fitting(table: Table, rows: Sequence[RunRow], *, subjects: int) -> set[str]:
    """Return the commands that Home's footer names while these runs are chosen.

    `subjects`: runs and groups that Compare would take."""
    has_ended = bool(rows) and not any(map(is_active, rows))
    fits = {
        "cancel_run": bool(rows) and not lacking("cancel_run", rows),
        "retry": bool(rows) and not lacking("retry", rows),
        "fix": len(rows) == 1 and rows[0].warned,
        "clone_run": has_ended,
        "report": has_ended and not lacking("report", rows),
        "compare": subjects > 1,
        "open_run": bool(rows),
        "mark": bool(rows),
        "filter": bool(rows),
    }
    return {command.id for command in table if fits.get(command.id, command.in_footer)}
