"""The run table's columns: which fit a width, and what a row says in each. Pure."""

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

from rich.cells import cell_len

from engine.metrics.metric import SplitMetric
from tui.formatting import clock, decimals, fitted, learning_rate
from tui.snapshot import GLYPHS, RunRow
from tui.views.run_list import QUEUE

BAR = 8
SIGN = 1
"""The verdict's width where there is room for `⚠` alone."""
LEAST_EPOCH, MOST_EPOCH = 15, 40
"""Narrow it holds a bar and `10/100`, where a run is under way; wide, why one waits or failed."""
LONGEST = {"name": 24, "data": 16, "pretrained": 12, "arch": 9, "lr": 6, "verdict": 14}
"""Columns as wide as what they hold, and no wider."""


@dataclass(frozen=True)
class Column:
    """`key` is the row's attribute, and what the table is sorted by."""

    key: str
    label: str
    width: int
    right: bool = False
    metric: SplitMetric | None = None
    """That it shows, where the user chose it."""


@dataclass(frozen=True)
class Facts:
    """What of all rows decides on the columns. A width of 0: in no row is there anything to say."""

    id_width: int = 3
    arch_width: int = 8
    pretrained_width: int = 7
    lr_width: int = 4
    epoch_width: int = LEAST_EPOCH
    best_width: int = 5
    verdict_width: int = 7
    name_width: int = 0
    data_width: int = 0
    """0 also where all have the same data: it need not be said in each row."""
    seed_width: int = 0
    """0 where all have the same."""
    has_kappa: bool = False
    has_ends: bool = False

    def grown(self, since: "Facts | None") -> "Facts":
        """No narrower than before: columns do not jump back and forth under a reader's eyes."""
        if since is None:
            return self
        return Facts(
            **{
                field.name: max(getattr(self, field.name), getattr(since, field.name))
                for field in fields(self)
            }
        )


def decides(row: RunRow) -> tuple[object, ...]:
    """What of a row its table's columns depend on."""
    return (
        row.id, row.name, row.seed, row.data, row.arch, row.pretrained, row.lr, row.verdict, row.status, row.epochs,
        decimals(row.best), row.kappa is None, row.ends is None,
    )  # fmt: skip


def facts_of(rows: Collection[RunRow]) -> Facts:
    """What is said often is measured once."""
    data, seeds = {row.data for row in rows}, {row.seed for row in rows}
    verdicts = {(row.warned, row.verdict) for row in rows if row.verdict}
    return Facts(
        id_width=max(3, len(str(max((row.id for row in rows), default=0)))),
        arch_width=max(4, _widest({row.arch for row in rows}, "arch")),
        pretrained_width=max(7, _widest({row.pretrained for row in rows}, "pretrained")),
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
    """Of runs that ended as they should there is `6/10` to say alone."""
    if not all(row.status in ("done", "cancelled") for row in rows):
        return LEAST_EPOCH
    return max(len("epoch"), 2 * len(str(max((row.epochs for row in rows), default=0))) + 1)


def metric_column(metric: SplitMetric) -> Column:
    """As wide as `.8269`, or its heading with the arrow of the order."""
    return Column(
        metric.key, metric.heading, max(metric.metric.places + 2, len(metric.heading) + 1, 5), True, metric
    )


def plan_columns(width: int, facts: Facts, metrics: Sequence[SplitMetric] = ()) -> tuple[Column, ...]:
    """The columns for a width, those that the user chose and then the most telling first in; what is left goes to the
    epoch and its remark."""
    chosen = {
        column.key: column
        for column in (
            Column("mark", "", 1),
            Column("status", "", 1),
            Column("id", "#", facts.id_width, right=True),
            Column("arch", "arch", facts.arch_width),
            Column("pretrained", "weights", facts.pretrained_width),
            Column("lr", "lr", facts.lr_width, right=True),
            Column("epoch", "epoch", facts.epoch_width),
            Column("best", "best", max(facts.best_width, 5), right=True),
            Column("verdict", "", SIGN),
        )
    }
    spare = width - sum(column.width + 1 for column in chosen.values())
    own = [metric_column(metric) for metric in metrics]
    wanted = (
        *own,
        Column("verdict", "verdict", facts.verdict_width),
        Column("data", "data", min(facts.data_width, 7)),
        Column("data", "data", min(facts.data_width, 9)),
        Column("kappa", "kappa", 5 if facts.has_kappa else 0, right=True),
        Column("seed", "seed", facts.seed_width, right=True),
        Column("data", "data", facts.data_width),
        Column("name", "name", facts.name_width),
        Column("ends", "ends ≈", 9 if facts.has_ends else 0),
    )
    for column in wanted:
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


ORDER = (
    "mark", "status", "id", "data", "arch", "pretrained", "lr", "seed", "name", "epoch", "ends", "best", "kappa",
    "verdict",
)  # fmt: skip


def header(column: Column, sort: str, reverse: bool) -> str:
    """The label, with an arrow where the table is sorted by it."""
    by = "status" if sort == QUEUE else sort
    arrow = ("▴" if reverse else "▾" if sort != QUEUE else "") if by == column.key else ""
    text = f"{column.label[: column.width - len(arrow)]}{arrow}"
    return text.rjust(column.width) if column.right else text.ljust(column.width)


def content(row: RunRow, column: Column, *, marked: bool) -> str:
    """A cell's text, at most as wide as its column."""
    text = _content(row, column, marked)
    if column.key == "data" and cell_len(text) > column.width:  # of a path the end tells more
        while cell_len(text) >= column.width:
            text = text[1:]
        text = f"…{text}"
    return fitted(text, column.width, right=column.right)


def _content(row: RunRow, column: Column, marked: bool) -> str:
    if column.metric is not None:
        return decimals(row.metrics.get(column.key), column.metric.metric.places)
    match column.key:
        case "mark":
            return "▎" if marked else ""
        case "status":
            return GLYPHS[row.status]
        case "lr":
            return learning_rate(row.lr)
        case "epoch":
            return _epoch(row, column.width)
        case "best":
            return decimals(row.best)
        case "kappa":
            return decimals(row.kappa, 3)
        case "verdict":
            sign = "⚠" if row.warned else ""
            return sign if column.width == SIGN else _verdict(row.warned, row.verdict)
        case "ends":
            return clock(datetime.fromtimestamp(row.ends, UTC)) if row.ends else ""
    return str(getattr(row, column.key))


def _verdict(warned: bool, word: str) -> str:
    return f"⚠ {word}" if warned else word


def _epoch(row: RunRow, width: int) -> str:
    """A bar and `6/10`; why a run waits; what it does before its first step; why and where it failed."""
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
    """A progress bar in eighths of a character, between two half-blocks."""
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    blocks = "█" * full + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")
    return f"▕{blocks.ljust(width)}▏"
