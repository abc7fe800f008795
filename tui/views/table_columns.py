"""Columns of the run table: those that fit a width, and their cells. Pure."""

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len

from engine.spec.plugin_name import arch_shown
from tui.formatting import clock, decimals, fitted, learning_rate
from tui.snapshot import GLYPHS, RunRow
from tui.views.run_list import QUEUE

if TYPE_CHECKING:
    from engine.metrics.metric import SplitMetric

BAR = 8
SIGN = 1
"""Width of the verdict where only `⚠` fits."""
LEAST_EPOCH, MOST_EPOCH = 15, 40
"""Widths of the epoch column: the least holds a bar and `10/100`, the most the reason for waiting or failing."""
LONGEST = {"name": 24, "data": 16, "pretrained": 12, "arch": 16, "lr": 6, "verdict": 14}
"""Most widths of columns that are as wide as their longest text."""


@dataclass(frozen=True)
class Column:
    """Column of the run table; `key` is the row's attribute and the sort key."""

    key: str
    label: str
    width: int
    right: bool = False
    metric: "SplitMetric | None" = None
    """Metric that the column shows, for columns that the user chose."""


@dataclass(frozen=True)
class Facts:
    """Facts about all rows that decide on the columns. A width of 0 means that no row has a text there."""

    id_width: int = 3
    arch_width: int = 8
    pretrained_width: int = 10
    lr_width: int = 4
    epoch_width: int = LEAST_EPOCH
    best_width: int = 5
    verdict_width: int = 7
    name_width: int = 0
    data_width: int = 0
    """0 also where all runs have the same data."""
    seed_width: int = 0
    """0 where all runs have the same seed."""
    has_kappa: bool = False
    has_ends: bool = False

    def grown(self, since: "Facts | None") -> "Facts":
        """Return widths no narrower than before, so that columns do not jump back and forth."""
        if since is None:
            return self
        return Facts(
            **{
                field.name: max(getattr(self, field.name), getattr(since, field.name))
                for field in fields(self)
            }
        )


def decides(row: RunRow) -> tuple[object, ...]:
    """Return the values of a row that the columns depend on."""
    return (
        row.id, row.name, row.seed, row.data, row.arch, row.pretrained, row.lr, row.verdict, row.status, row.epochs,
        decimals(row.best), row.kappa is None, row.ends is None,
    )  # fmt: skip


def facts_of(rows: Collection[RunRow]) -> Facts:
    """Measure the rows; texts that repeat are measured once."""
    data, seeds = {row.data for row in rows}, {row.seed for row in rows}
    verdicts = {(row.warned, row.verdict) for row in rows if row.verdict}
    return Facts(
        id_width=max(3, len(str(max((row.id for row in rows), default=0)))),
        arch_width=max(4, _widest(map(arch_shown, {row.arch for row in rows}), "arch")),
        pretrained_width=max(10, _widest({row.pretrained for row in rows}, "pretrained")),
        lr_width=max(3, _widest(map(learning_rate, {row.lr for row in rows}), "lr")),
        epoch_width=_epoch_width(rows),
        best_width=max(map(len, map(decimals, {row.best for row in rows})), default=5),
        verdict_width=max(7, _widest(itertools.starmap(_verdict, verdicts), "verdict")) if verdicts else 0,
        name_width=_widest({row.name for row in rows}, "name"),
        data_width=_widest(data, "data") if len(data) > 1 else 0,
        seed_width=max(4, *(len(str(seed)) for seed in seeds)) if len(seeds) > 1 else 0,
        has_kappa=any(row.kappa is not None for row in rows),
        has_ends=any(row.ends is not None for row in rows),
    )


def _widest(texts: Iterable[str], column: str) -> int:
    return min(max(map(cell_len, texts), default=0), LONGEST[column])


def _epoch_width(rows: Collection[RunRow]) -> int:
    """Return the width of the epoch column; `6/10` alone where all runs are done or cancelled."""
    if not all(row.status in ("done", "cancelled") for row in rows):
        return LEAST_EPOCH
    return max(len("epoch"), 2 * len(str(max((row.epochs for row in rows), default=0))) + 1)


def metric_column(metric: "SplitMetric") -> Column:
    """Make a metric's column, as wide as `.8269` or its heading."""
    return Column(
        metric.key, metric.heading, max(metric.metric.places + 2, len(metric.heading) + 1, 5), True, metric
    )


def plan_columns(width: int, facts: Facts, metrics: "Sequence[SplitMetric]" = ()) -> tuple[Column, ...]:
    """Choose the columns for a width: first those that the user chose, then the most important.

    The epoch column with its remark gets the remaining width."""
    chosen = {column.key: column for column in _needed(facts)}
    spare = width - sum(column.width + 1 for column in chosen.values())
    own = [metric_column(metric) for metric in metrics]
    for column in (*own, *_wanted(facts)):
        before = chosen.get(column.key)
        cost = column.width - before.width if before else column.width + 1
        if column.width and cost <= spare:
            chosen[column.key] = column
            spare -= cost
    if facts.epoch_width >= LEAST_EPOCH:
        epoch = facts.epoch_width + max(0, min(spare, MOST_EPOCH - facts.epoch_width))
        chosen["epoch"] = replace(chosen["epoch"], width=epoch)
    order = (*ORDER[:-1], *(column.key for column in own), ORDER[-1])
    return tuple(chosen[key] for key in order if key in chosen)


def _needed(facts: Facts) -> tuple[Column, ...]:
    """Columns of the narrowest table."""
    return (
        Column("mark", "", 1),
        Column("status", "", 1),
        Column("id", "#", facts.id_width, right=True),
        Column("arch", "arch", facts.arch_width),
        Column("pretrained", "pretrained", facts.pretrained_width),
        Column("lr", "lr", facts.lr_width, right=True),
        Column("epoch", "epoch", facts.epoch_width),
        Column("best", "best", max(facts.best_width, 5), right=True),
        Column("verdict", "", SIGN),
    )


def _wanted(facts: Facts) -> tuple[Column, ...]:
    """Columns and widths that are taken where there is room, the most important first; none of width 0."""
    return (
        Column("verdict", "verdict", facts.verdict_width),
        Column("data", "data", min(facts.data_width, 7)),
        Column("data", "data", min(facts.data_width, 9)),
        Column("kappa", "kappa", 5 if facts.has_kappa else 0, right=True),
        Column("seed", "seed", facts.seed_width, right=True),
        Column("data", "data", facts.data_width),
        Column("name", "name", facts.name_width),
        Column("ends", "ends ≈", 9 if facts.has_ends else 0),
    )


ORDER = (
    "mark", "status", "id", "data", "arch", "pretrained", "lr", "seed", "name", "epoch", "ends", "best", "kappa",
    "verdict",
)  # fmt: skip


def header(column: Column, sort: str, reverse: bool) -> str:
    """Return a column's label, with an arrow where the table is sorted by it."""
    by = "status" if sort == QUEUE else sort
    arrow = ("▴" if reverse else "▾" if sort != QUEUE else "") if by == column.key else ""
    text = f"{column.label[: column.width - len(arrow)]}{arrow}"
    return text.rjust(column.width) if column.right else text.ljust(column.width)


def content(row: RunRow, column: Column, *, marked: bool) -> str:
    """Return a cell's text, fitted to the width of its column."""
    text = _content(row, column, marked)
    if column.key == "data" and cell_len(text) > column.width:  # the end of a path is more informative
        while cell_len(text) >= column.width:
            text = text[1:]
        text = f"…{text}"
    return fitted(text, column.width, right=column.right)


def _content(row: RunRow, column: Column, marked: bool) -> str:
    if column.metric is not None:
        return decimals(row.metrics.get(column.key), column.metric.metric.places)
    if column.key == "mark":
        return "▎" if marked else ""
    if column.key == "epoch":
        return _epoch(row, column.width)
    if column.key == "verdict":
        sign = "⚠" if row.warned else ""
        return sign if column.width == SIGN else _verdict(row.warned, row.verdict)
    text_of = CELLS.get(column.key)
    return str(getattr(row, column.key)) if text_of is None else text_of(row)


CELLS: dict[str, Callable[[RunRow], str]] = {
    "status": lambda row: GLYPHS[row.status],
    "arch": lambda row: arch_shown(row.arch),
    "lr": lambda row: learning_rate(row.lr),
    "best": lambda row: decimals(row.best),
    "kappa": lambda row: decimals(row.kappa, 3),
    "ends": lambda row: clock(datetime.fromtimestamp(row.ends, UTC)) if row.ends else "",
}
"""Columns whose text is not that of the row's field."""


def _verdict(warned: bool, word: str) -> str:
    return f"⚠ {word}" if warned else word


def _epoch(row: RunRow, width: int) -> str:
    """Format progress as a bar and `6/10`, or why a run waits, what it does before its first step, why it failed."""
    count = f"{row.epoch}/{row.epochs}"
    if row.status == "queued":
        return row.remark if not row.epoch else f"{count} {row.remark}"
    if row.status == "failed":
        whole = f"{count} {row.remark}"
        return (
            whole if cell_len(whole) <= width or not row.cause else f"{count} {row.cause.replace('_', ' ')}"
        )
    if row.asked:
        return f"{count} {'cancelling' if row.asked == 'cancel' else 'pausing'}"
    if row.status == "running" and row.remark:
        return f"{count} {row.remark}" if row.epoch else row.remark
    if row.status != "running":
        return count
    return f"{bar(row.progress, min(BAR, width - len(count) - 3))} {count}"


def bar(share: float, width: int) -> str:
    """Draw a progress bar in eighths of a character, between two half-blocks."""
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    blocks = "█" * full + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")
    return f"▕{blocks.ljust(width)}▏"
