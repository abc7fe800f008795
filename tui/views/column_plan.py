"""Choice of the columns of the run table that fit a width, with their widths. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from tui.run_row import RunRow
from tui.views.progress_cell import LEAST_EPOCH, MOST_EPOCH, SHORT_EPOCH
from tui.views.table_choice import TableChoice
from tui.views.table_columns import COLUMNS, WHOLE, Column, ColumnInfo

LEAST_HEADLINE = 12
"""Width at which the gravest finding can still be told: `⚠ no better…`."""
NEEDED = {
    "mark": WHOLE, "tree": WHOLE, "status": WHOLE, "id": WHOLE, "arch": 12, "pretrained": WHOLE, "lr": WHOLE,
    "epoch": WHOLE, "best": WHOLE, "findings": LEAST_HEADLINE,
}  # fmt: skip
"""Columns of the narrowest table, but for those that tell nothing, and how wide they are at most in it."""
WANTED = (
    ("findings", 25), ("settings", 14), ("best_sd", WHOLE), ("data", 7), ("data", 9), ("user", WHOLE),
    ("fold", WHOLE), ("seed", WHOLE), ("data", WHOLE), ("kappa", WHOLE), ("settings", 24), ("kappa_sd", WHOLE),
    ("lr", WHOLE), ("arch", WHOLE), ("pretrained", WHOLE), ("settings", WHOLE), ("name", WHOLE), ("ends", WHOLE),
    ("findings", WHOLE),
)  # fmt: skip
"""Columns and their widths that are added where there is room, the most important first: to whom the rows look alike in
a setting, a finding and a deviation say more. What a user chose comes before all of them."""

GIVE_WAY = ("findings", "pretrained", "lr", "arch")
"""Columns of the narrowest table that go first where the border beside it leaves less room: the detail has them."""
TELL_APART = ("settings", "data", "user", "fold", "seed")
"""Columns without which rows look alike: findings and the times at which runs start are shortened for them."""


class Need(NamedTuple):
    """Width that a column would have without cutting a text."""

    width: int
    """0 for a column that is not shown."""
    tells: bool = True
    """False where all rows have the same value, and the column gives way to those that tell more."""


NO_CHOICE = TableChoice()


class RowValues:
    """Values of rows that the widths of the columns depend on, each once.

    None is forgotten, so that columns do not jump back and forth; only new rows are looked at, for there may be
    thousands of others."""

    def __init__(self, rows: Collection[RunRow] = (), own: Sequence[ColumnInfo] = ()) -> None:
        """`own`: columns beside those of the table itself."""
        self._columns = (*COLUMNS, *own)
        self._seen: dict[str, set[object]] = {column.key: set() for column in self._columns}
        self._needs = {column.key: _need(column, ()) for column in self._columns}
        self.add(rows)

    def add(self, rows: Collection[RunRow]) -> None:
        """Take new and changed rows."""
        for column in self._columns:
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
    width: int,
    widths: Mapping[str, Need],
    choice: TableChoice = NO_CHOICE,
    own: Sequence[ColumnInfo] = (),
    sort: str = "",
) -> tuple[Column, ...]:
    """Choose the columns for a width: first those that the user chose, then the most important.

    `widths`: the needs of `RowValues`; `own`: the chosen metrics and settings; `sort`: the column that the table is
    sorted by, which has an arrow. Headings are always whole, and the epoch column with its remark gets what is left."""
    infos = {
        column.key: column for column in (*COLUMNS[:-1], *own, COLUMNS[-1]) if column.key not in choice.never
    }
    headings = {key: len(info.label) + (key == sort) for key, info in infos.items()}
    least = {key: len(info.short or info.label) + (key == sort) for key, info in infos.items()}
    shown = {
        key: need for key, need in widths.items() if key in infos and (need.width or key in choice.always)
    }
    needs = {key: max(need.width, least[key]) for key, need in shown.items()}
    room = _Room(width, infos, needs, least, headings)
    needed = {key: most for key, most in NEEDED.items() if key in shown and shown[key].tells}
    telling = {key for key in TELL_APART if key in shown}
    first = [(key, WHOLE) for key in (*choice.always, *(column.key for column in own))]
    apart = [next(each for each in WANTED if each[0] == key) for key in TELL_APART]
    for order in (WANTED, (*apart, *WANTED)):
        plan = room.filled(needed, (*first, *order), LEAST_EPOCH)
        if telling <= {column.key for column in plan}:
            return plan
    return room.filled(needed, (*first, *order), SHORT_EPOCH)


class _Room(NamedTuple):
    """Room for columns, and how much each would take."""

    width: int
    infos: Mapping[str, ColumnInfo]
    """In the order of the table."""
    needs: Mapping[str, int]
    """Widths that cut nothing, of the columns that can be shown."""
    least: Mapping[str, int]
    """Widths of the shortest headings."""
    headings: Mapping[str, int]
    """Widths of the headings."""

    def filled(
        self, needed: Mapping[str, int], order: Sequence[tuple[str, int]], least_epoch: int
    ) -> tuple[Column, ...]:
        """Return the needed columns, and those of `order` for which there is room, none wider than is said there.
        `least_epoch`: width of the epoch column that the others leave it."""
        chosen = {
            key: self._column(key, least_epoch if key == "epoch" else most) for key, most in needed.items()
        }
        spare = self.width - sum(column.width + 1 for column in chosen.values())
        for key in GIVE_WAY:
            if spare < 0 and key in chosen:
                spare += chosen.pop(key).width + 1
        for key, most in order:
            if key not in self.needs or (key == "kappa_sd" and "kappa" not in chosen):
                continue  # a deviation says nothing without its mean
            column, before = self._column(key, most), chosen.get(key)
            if before is not None:
                more = max(0, min(column.width - before.width, spare))
                chosen[key], spare = before.widened(more), spare - more
            elif column.width < spare:
                chosen[key], spare = column, spare - column.width - 1
        for key, column in chosen.items():
            more = max(0, min(self.headings[key] - column.width, spare))
            chosen[key], spare = column.widened(more), spare - more
        if "epoch" in chosen and self.needs["epoch"] >= LEAST_EPOCH:
            more = min(max(0, spare), MOST_EPOCH - chosen["epoch"].width)
            chosen["epoch"] = chosen["epoch"].widened(more)
        return tuple(chosen[key] for key in self.infos if key in chosen)

    def _column(self, key: str, most: int) -> Column:
        return Column(self.infos[key], max(min(self.needs[key], most), self.least[key]))
