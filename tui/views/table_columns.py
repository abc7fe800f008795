"""Columns of the run table: what they show of a row. Pure. `column_plan.py` says which of them fit a width.

To add a column: write a ColumnInfo into COLUMNS, and its place into WANTED of `column_plan.py`."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from engine.analysis.finding import SIGNS
from engine.spec.plugin_name import arch_shown
from tui.formatting import clock, decimals, fitted, learning_rate, setting, settings_fitted
from tui.run_row import GLYPHS, Fold, RunRow
from tui.views.progress_cell import epoch_need, epoch_width, progress_text
from tui.views.run_list import QUEUE
from tui.views.users import has_several

if TYPE_CHECKING:
    from engine.metrics.metric import SplitMetric

WHOLE = 99
"""Width that cuts nothing."""


def _always(_values: Collection[object]) -> bool:
    return True


def _differ(values: Collection[object]) -> bool:
    return len(values) > 1


@dataclass(frozen=True)
class ColumnInfo:
    """Column of the run table before its width is known; `key` is also what the table is sorted by."""

    key: str
    label: str
    text: Callable[[RunRow, int], str] = field(compare=False)
    """Text of a row's cell in a column of a width; it is cut where it is longer."""
    value: Callable[[RunRow], object] = field(compare=False)
    """Value of a row that the width depends on."""
    width: Callable[[Collection[Any]], int] = field(compare=False)
    """Width for the values of all rows, each once; 0 where the column tells nothing."""
    right: bool = False
    tells: Callable[[Collection[Any]], bool] = _always
    """Whether the values of all rows, each once, are worth the room of a column that the table needs."""
    words: str = ""
    """Content of a column of the table itself, or when the table shows it, for the list of columns."""
    short: str = ""
    """Heading where there is no room for the label; empty for a label that is never shortened."""


@dataclass(frozen=True)
class Column:
    """Column that is shown, with its width in cells."""

    info: ColumnInfo
    width: int

    @property
    def key(self) -> str:
        return self.info.key

    def widened(self, by: int) -> "Column":
        return Column(self.info, self.width + by)


def _fixed(width: int) -> Callable[[Collection[object]], int]:
    return lambda _values: width


def _longest(
    least: int,
    most: int,
    shown: Callable[[Any], str] = str,
    tells: Callable[[Collection[object]], bool] = _always,
) -> Callable[[Collection[object]], int]:
    """Return a rule for the width: that of the longest text, between `least` and `most`; 0 where it tells nothing."""

    def width(values: Collection[object]) -> int:
        if not tells(values):
            return 0
        return min(max(least, *(cell_len(shown(value)) for value in values), 0), most)

    return width


def _any_found(values: Collection[Any]) -> bool:
    return any(headline for _, headline in values)


def _where_any(width: int) -> Callable[[Collection[bool]], int]:
    return lambda values: width if True in values else 0


def _id_width(ids: Collection[int]) -> int:
    """Return the width of the longest number, with a sign before it where there are groups."""
    return max(3, len(str(max(ids, default=0))) + (min(ids, default=0) < 0))


def _decimals_width(values: Collection[float | None]) -> int:
    """Return the width of the longest of numbers with equally many decimals: the least or the greatest."""
    known = [value for value in values if value is not None]
    return max([5, *(len(decimals(value)) for value in (min(known), max(known)))]) if known else 5


def _finding(row: RunRow, _width: int) -> str:
    """Format the gravest finding with the sign of its severity."""
    return _with_sign((row.severity, row.headline))


def _with_sign(found: tuple[str, str]) -> str:
    severity, headline = found
    return f"{SIGNS[severity]} {headline}" if severity else headline


def _data(row: RunRow, width: int) -> str:
    """Cut the beginning of a long path: its end says more."""
    text = row.data
    if cell_len(text) <= width:
        return text
    while cell_len(text) >= width:
        text = text[1:]
    return f"…{text}"


def _id(row: RunRow, _width: int = 0) -> str:
    """Write a run's number, or how many runs a group has."""
    return str(row.id) if row.fold is None else f"×{len(row.fold.members)}"


def _seed(row: RunRow, _width: int = 0) -> str:
    return str(row.seed) if row.fold is None else row.fold.seeds


def _part(part: tuple[int, int]) -> str:
    """Write `1/3`; empty for a run that is no fold."""
    return f"{part[0]}/{part[1]}" if part[1] else ""


def _sd_column(key: str, value: Callable[[Fold], float | None], places: int) -> ColumnInfo:
    """Make the column of the standard deviation that stands behind a group's mean."""

    def text(row: RunRow, _width: int) -> str:
        return "" if row.fold is None or value(row.fold) is None else f"±{decimals(value(row.fold), places)}"

    def is_known(row: RunRow) -> bool:
        return row.fold is not None and value(row.fold) is not None

    return ColumnInfo(key, "± sd", text, is_known, _where_any(places + 2))


COLUMNS = (
    ColumnInfo("mark", "", lambda _row, _width: "", lambda _row: None, _fixed(1)),
    ColumnInfo("tree", "", lambda _row, _width: "", lambda row: row.fold is not None, _where_any(1)),
    ColumnInfo("status", "", lambda row, _: GLYPHS[row.status], lambda _row: None, _fixed(1)),
    ColumnInfo("id", "#", _id, attrgetter("id"), _id_width, right=True),
    ColumnInfo(
        "data", "data", _data, attrgetter("data"), _longest(4, 16, tells=_differ),
        words="where runs differ in it",
    ),
    ColumnInfo(
        "arch", "arch", lambda row, _: arch_shown(row.arch), attrgetter("arch"), _longest(4, 16, arch_shown),
        tells=_differ,
        words="where runs differ in it",
    ),
    ColumnInfo(
        "pretrained", "pretrained", lambda row, _: row.pretrained, attrgetter("pretrained"), _longest(8, 12),
        tells=_differ, short="pretr.",
        words="where runs differ in it",
    ),
    ColumnInfo(
        "lr", "lr", lambda row, _: learning_rate(row.lr), attrgetter("lr"), _longest(3, 6, learning_rate),
        right=True, tells=_differ,
        words="where runs differ in it",
    ),
    ColumnInfo(
        "settings", "settings", lambda row, width: settings_fitted(row.settings, width), attrgetter("settings"),
        _longest(8, 40, tells=any),
        words="those that tell recipes apart and have no column",
    ),
    ColumnInfo(
        "seed", "seed", _seed, attrgetter("seed"), _longest(4, WHOLE, tells=_differ), right=True,
        words="where runs differ in it",
    ),
    ColumnInfo(
        "fold", "fold", lambda row, _: _part(row.part), attrgetter("part"),
        _longest(4, WHOLE, _part, tells=_differ), right=True,
        words="of a cross-validation",
    ),
    ColumnInfo(
        "user", "user", lambda row, _: row.user, attrgetter("user"), _longest(4, 12, tells=has_several),
        words="where several users queue runs",
    ),
    ColumnInfo(
        "name", "name", lambda row, _: row.name, attrgetter("name"), _longest(4, 24, tells=any),
        words="where a run has one",
    ),
    ColumnInfo(
        "epoch", "epoch", progress_text, epoch_need, epoch_width,
        words="progress, and why a run waits or failed",
    ),
    ColumnInfo(
        "ends", "ends ≈",
        lambda row, _: clock(datetime.fromtimestamp(row.ends, UTC)) if row.ends else "",
        lambda row: row.ends is not None, _where_any(9),
        words="when a run will have ended",
    ),
    ColumnInfo(
        "best", "best", lambda row, _: decimals(row.best), attrgetter("best"), _decimals_width, right=True,
        words="test accuracy of the best epoch",
    ),
    _sd_column("best_sd", lambda fold: fold.best_sd, 4),
    ColumnInfo(
        "kappa", "kappa", lambda row, _: decimals(row.kappa, 3), lambda row: row.kappa is not None,
        _where_any(5), right=True,
        words="quadratic-weighted kappa of the best epoch",
    ),
    _sd_column("kappa_sd", lambda fold: fold.kappa_sd, 3),
    ColumnInfo(
        "findings", "findings", _finding, attrgetter("severity", "headline"),
        _longest(8, 40, _with_sign, _any_found),
        words="the gravest finding",
    ),
)  # fmt: skip
"""All columns in the order of the table. Metrics that a user chose stand before the last."""
UNSORTED = ("mark", "tree", "best_sd", "kappa_sd")
FIXED = ("mark", "tree", "status", "id", "best_sd", "kappa_sd")
"""Columns that a user neither shows nor hides: the table needs them, or they belong to another."""
SORTS = (QUEUE, *(column.key for column in COLUMNS if column.key not in UNSORTED))
"""Orders of the table: by the queue, or by a column."""


def metric_column(metric: "SplitMetric") -> ColumnInfo:
    """Make a metric's column, as wide as `.8269` or its heading."""
    key, places = metric.key, metric.metric.places
    return ColumnInfo(
        key,
        metric.heading,
        lambda row, _: decimals(row.chosen.get(key), places),  # type: ignore[arg-type]
        lambda _row: None,
        _fixed(max(places + 2, 5)),
        right=True,
    )


def setting_column(name: str) -> ColumnInfo:
    """Make the column of a setting, as wide as its longest value up to 24 cells, or its heading."""

    def value(row: RunRow) -> object:
        return row.chosen.get(name)

    def text(row: RunRow, _width: int) -> str:
        return setting(row.chosen[name]) if name in row.chosen else ""

    from engine.spec.run_spec import is_number  # the first frame waits for no settings

    return ColumnInfo(name, name, text, value, _longest(len(name), 24, setting), right=is_number(name))


def header(column: Column, sort: str, reverse: bool) -> str:
    """Return a column's label, with an arrow where the table is sorted by it."""
    by = "status" if sort == QUEUE else sort
    arrow = ("▴" if reverse else "▾" if sort != QUEUE else "") if by == column.key else ""
    label = column.info.label
    text = f"{label if len(label) + len(arrow) <= column.width else column.info.short or label}{arrow}"
    return text.rjust(column.width) if column.info.right else text.ljust(column.width)


def content(row: RunRow, column: Column, *, mark: str = " ", guide: str = " ") -> str:
    """Return a cell's text, fitted to the width of its column; `mark` and `guide` are those of the line."""
    if column.key == "mark":
        return mark
    if column.key == "tree":
        return guide
    return fitted(column.info.text(row, column.width), column.width, right=column.info.right)
