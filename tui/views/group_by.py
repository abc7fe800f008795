"""Columns and settings by which the runs of the table can be grouped. Pure."""

from collections.abc import Callable, Mapping

from engine.spec.plugin_name import arch_shown
from tui.formatting import learning_rate, setting
from tui.run_row import RunRow
from tui.views.table_choice import setting_words

REPETITIONS = "repetitions"
"""Groups that are no sections: the repetitions of one recipe, with mean and standard deviation."""
BY_COLUMN: Mapping[str, Callable[[RunRow], str]] = {
    "sweep": lambda row: row.sweep,
    "data": lambda row: row.data,
    "arch": lambda row: arch_shown(row.arch),
    "pretrained": lambda row: row.pretrained,
    "lr": lambda row: learning_rate(row.lr),
    "seed": lambda row: str(row.seed),
    "user": lambda row: row.user,
    "name": lambda row: row.name,
    "status": lambda row: row.status,
    "findings": lambda row: row.headline,
}
"""Columns that group rows without reading their settings."""


def value_of(row: RunRow, by: str) -> str:
    """Write a row's value of a column or setting."""
    found = BY_COLUMN.get(by)
    return found(row) if found is not None else setting(row.chosen[by]) if by in row.chosen else ""


def groupings() -> dict[str, str]:
    """Return what runs can be grouped by, with a word for each: repetitions first, then columns, then settings."""
    return {
        REPETITIONS: "runs of one recipe: one line with mean ± sd",
        **dict.fromkeys(BY_COLUMN, "a section for each value"),
        **setting_words(),
    }
