"""Inks of the run table's cells, by the names of the theme's colours. Pure."""

from tui.run_row import RunRow

SIGNS = {"running": "primary", "done": "success", "failed": "error"}
"""Ink of each status's sign; those without one are dimmed."""
BOLD = frozenset({"primary", "success", "error", "warning"})
IDLE = ("queued", "cancelled", "paused")
SHARED = frozenset({"data", "arch", "pretrained", "lr", "settings", "name"})
"""Columns in which the row of an opened group speaks for its members."""


def ink_of(row: RunRow, key: str, *, is_member: bool = False) -> str:
    """Return the ink of a cell; `dim` for what can be overlooked. `is_member`: its group's row stands above it."""
    if key in ("mark", "tree"):
        return "accent"
    if key == "status":
        return SIGNS.get(row.status, "dim")
    if key == "findings" and row.warned:
        return row.severity
    if key == "epoch" and row.status == "failed":
        return "error"
    has_result = row.fold is not None and row.fold.done > 0
    if (row.status in IDLE and not has_result) or key in ("findings", "best_sd", "kappa_sd"):
        return "dim"
    return "dim" if is_member and key in SHARED else "foreground"
