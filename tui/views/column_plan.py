"""Choice of the columns of the run table that fit a width, with their widths. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.snapshot import RunRow
from tui.views.progress_cell import LEAST_EPOCH, MOST_EPOCH, SHORT_EPOCH
from tui.views.table_columns import COLUMNS, WHOLE, Column, ColumnInfo, metric_column

if TYPE_CHECKING:
    from engine.metrics.metric import SplitMetric

LEAST_HEADLINE = 12
"""Width at which the gravest finding can still be told: `⚠ no better…`."""
NEEDED = {
    "mark": WHOLE, "tree": WHOLE, "status": WHOLE, "id": WHOLE, "arch": 12, "pretrained": WHOLE, "lr": WHOLE,
    "epoch": WHOLE, "best": WHOLE, "findings": LEAST_HEADLINE,
}  # fmt: skip
"""Columns of the narrowest table, but for those that tell nothing, and how wide they are at most in it."""
WANTED = (
    ("findings", WHOLE), ("settings", 14), ("best_sd", WHOLE), ("data", 7), ("data", 9), ("user", WHOLE),
    ("fold", WHOLE), ("seed", WHOLE), ("data", WHOLE), ("kappa", WHOLE), ("settings", 24), ("kappa_sd", WHOLE),
    ("lr", WHOLE), ("arch", WHOLE), ("pretrained", WHOLE), ("settings", WHOLE), ("name", WHOLE), ("ends", WHOLE),
)  # fmt: skip
"""Columns and their widths that are added where there is room, the most important first: to whom the rows look alike in
a setting, a finding and a deviation say more. The metrics that a user chose come before all of them."""

TELL_APART = ("settings", "data", "user", "fold", "seed")
"""Columns without which rows look alike: findings and the times at which runs start are shortened for them."""


class Need(NamedTuple):
    """Width that a column would have without cutting a text."""

    width: int
    """0 for a column that is not shown."""
    tells: bool = True
    """False where all rows have the same value, and the column gives way to those that tell more."""


class RowValues:
    """Values of rows that the widths of the columns depend on, each once.

    None is forgotten, so that columns do not jump back and forth; only new rows are looked at, for there may be
    thousands of others."""

    def __init__(self, rows: Collection[RunRow] = ()) -> None:
        self._seen: dict[str, set[object]] = {column.key: set() for column in COLUMNS}
        self._needs = {column.key: _need(column, ()) for column in COLUMNS}
        self.add(rows)

    def add(self, rows: Collection[RunRow]) -> None:
        """Take new and changed rows."""
        for column in COLUMNS:
            seen = self._seen[column.key]
            before = len(seen)
            seen.update(map(column.value, rows))
            if len(seen) > before:
                self._needs[column.key] = _need(column, seen)

    @property
    def needs(self) -> Mapping[str, Need]:
        """Return how wide each column would be without cutting a text."""
        return self._needs


def _need(column: ColumnInfo, values: Collection[Any]) -> Need:
    """Return a column's need for the values of all rows, each once."""
    return Need(column.width(values), column.tells(values))


def plan_columns(
    width: int, widths: Mapping[str, Need], metrics: "Sequence[SplitMetric]" = ()
) -> tuple[Column, ...]:
    """Choose the columns for a width: first those that the user chose, then the most important.

    `widths`: the needs of `RowValues`. Where there is room headings are whole, and the epoch column with its remark
    gets the rest."""
    telling = {key for key in TELL_APART if widths[key].width}
    first = [next(each for each in WANTED if each[0] == key) for key in TELL_APART]
    for order in (WANTED, (*first, *WANTED)):
        plan = _plan(width, widths, metrics, order, LEAST_EPOCH)
        if telling <= {column.key for column in plan}:
            return plan
    return _plan(width, widths, metrics, order, SHORT_EPOCH)


def _plan(
    width: int,
    widths: Mapping[str, Need],
    metrics: "Sequence[SplitMetric]",
    order: Sequence[tuple[str, int]],
    least_epoch: int,
) -> tuple[Column, ...]:
    """Choose the needed columns, and those of `order` for which there is room. `least_epoch`: width of the epoch column
    that the others leave it."""
    infos = {column.key: column for column in COLUMNS}
    chosen = {
        key: Column(infos[key], min(need.width, least_epoch if key == "epoch" else most))
        for key, most in NEEDED.items()
        if (need := widths[key]).width and need.tells
    }
    spare = width - sum(column.width + 1 for column in chosen.values())
    own = [metric_column(metric) for metric in metrics]
    wanted = [Column(infos[key], min(widths[key].width, most)) for key, most in order if widths[key].width]
    for column in (*own, *wanted):
        before = chosen.get(column.key)
        if column.key == "kappa_sd" and "kappa" not in chosen:
            continue  # a deviation says nothing without its mean
        if before is not None:
            more = max(0, min(column.width - before.width, spare))
            chosen[column.key], spare = Column(column.info, before.width + more), spare - more
        elif column.width < spare:
            chosen[column.key], spare = column, spare - column.width - 1
    for column in tuple(chosen.values()):
        more = max(0, min(len(column.info.label) - column.width, spare))
        chosen[column.key], spare = Column(column.info, column.width + more), spare - more
    if widths["epoch"].width >= LEAST_EPOCH:
        epoch = min(chosen["epoch"].width + max(0, spare), MOST_EPOCH)
        chosen["epoch"] = Column(infos["epoch"], epoch)
    *first, last = infos
    return tuple(chosen[key] for key in (*first, *(column.key for column in own), last) if key in chosen)
