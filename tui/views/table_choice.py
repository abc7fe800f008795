"""Columns and groups of the run table that a user chose, as they are kept: `auc,weight_decay,user,-kappa`."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from engine.store.chosen import NOTHING, Chosen
from tui.views.metric_columns import optional_metrics
from tui.views.table_columns import COLUMNS, FIXED, ColumnInfo, metric_column, setting_column

HIDDEN = "-"


class TableChoice(NamedTuple):
    """Columns that a user chose."""

    chosen: Chosen = NOTHING
    always: tuple[str, ...] = ()
    """Columns of the table itself that are shown as long as there is room, whether they tell rows apart or not."""
    never: tuple[str, ...] = ()
    """Columns of the table itself that are not shown."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the columns beside those of the table itself."""
        return self.chosen.keys


def own_columns() -> dict[str, ColumnInfo]:
    """Return the columns of the table itself that can be shown or hidden."""
    return {column.key: column for column in COLUMNS if column.key not in FIXED}


def setting_words() -> Mapping[str, str]:
    """Return the settings that have no column of their own, with what they mean."""
    from engine.spec.run_spec import FIELDS, RunSpec  # the first frame waits for no settings

    own = {column.key for column in COLUMNS}
    return {name: RunSpec.model_fields[name].description or "" for name in FIELDS if name not in own}


@lru_cache(maxsize=8)
def table_choice(text: str) -> TableChoice:
    """Parse a choice as it is kept; names that this version does not know are left out."""
    if not text:
        return TableChoice()
    names, own = dict.fromkeys(text.split(",")), own_columns()
    metrics, settings = optional_metrics(), setting_words()
    return TableChoice(
        Chosen(
            tuple(name for name in metrics if name in names),
            tuple(name for name in settings if name in names),
        ),
        tuple(name for name in own if name in names),
        tuple(name for name in own if f"{HIDDEN}{name}" in names),
    )


def choice_text(choice: TableChoice) -> str:
    """Format a choice as it is kept."""
    hidden = (f"{HIDDEN}{name}" for name in choice.never)
    return ",".join((*choice.always, *choice.keys, *hidden))


def columns_of(chosen: Chosen) -> tuple[ColumnInfo, ...]:
    """Make the columns of chosen metrics and settings."""
    metrics = optional_metrics() if chosen.metrics else {}
    return (
        *(setting_column(key) for key in chosen.settings),
        *(metric_column(metrics[key]) for key in chosen.metrics),
    )
