"""Keys that do something with the chosen runs, as their status is. Pure."""

from collections.abc import Sequence

from engine.store.status import ENDED
from tui.commands import Table
from tui.snapshot import RunRow


def may_be_cancelled(row: RunRow) -> bool:
    """Return whether a run can be cancelled, and so paused or resumed."""
    return row.status not in ENDED


def may_be_retried(row: RunRow) -> bool:
    return row.status in ("failed", "cancelled")


def fitting(table: Table, rows: Sequence[RunRow], *, subjects: int) -> set[str]:
    """Return the commands that Home's footer names while these runs are chosen.

    `subjects`: runs and groups that Compare would take."""
    fits = {
        "cancel_run": any(map(may_be_cancelled, rows)),
        "retry": any(map(may_be_retried, rows)),
        "fix": len(rows) == 1 and rows[0].warned,
        "clone_run": bool(rows) and not any(map(may_be_cancelled, rows)),
        "compare": subjects > 1,
        "open_run": bool(rows),
        "mark": bool(rows),
        "filter": bool(rows),
    }
    return {command.id for command in table if fits.get(command.id, command.in_footer)}
