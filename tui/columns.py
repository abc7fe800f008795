"""The run table's columns: which fit a width, and what a row says in each. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rich.cells import cell_len

from tui.run_list import QUEUE
from tui.snapshot import GLYPHS, RunRow
from tui.text import clock, decimals, fitted, learning_rate

BAR = 8
SIGN = 1
"""The verdict's width where there is room for `⚠` alone."""
LEAST_EPOCH, MOST_EPOCH = 15, 40
"""Narrow it holds a bar and `10/100`; wide, why a run waits or failed."""


@dataclass(frozen=True)
class Column:
    """`key` is the row's attribute, and what the table is sorted by."""

    key: str
    label: str
    width: int
    right: bool = False


@dataclass(frozen=True)
class Facts:
    """What of all rows decides on the columns."""

    id_width: int = 3
    name_width: int = 0
    data_width: int = 0
    """0 where all have the same data: it need not be said in each row."""
    pretrained_width: int = 4
    has_kappa: bool = False


def decides(row: RunRow) -> tuple[object, ...]:
    """What of a row its table's columns depend on."""
    return row.id, row.name, row.data, row.pretrained, row.kappa is None


def facts_of(rows: Collection[RunRow]) -> Facts:
    """What is said often is measured once."""
    data = {row.data for row in rows}
    return Facts(
        id_width=max(3, len(str(max((row.id for row in rows), default=0)))),
        name_width=_widest({row.name for row in rows}, 24),
        data_width=_widest(data, 16) if len(data) > 1 else 0,
        pretrained_width=max(7, _widest({row.pretrained for row in rows}, 12)),
        has_kappa=any(row.kappa is not None for row in rows),
    )


def _widest(texts: Iterable[str], most: int) -> int:
    return min(max(map(cell_len, texts), default=0), most)


def plan_columns(width: int, facts: Facts) -> tuple[Column, ...]:
    """The columns for a width, the most telling first in; what is left goes to the epoch and its remark."""
    chosen = {
        column.key: column
        for column in (
            Column("mark", "", 1),
            Column("status", "", 1),
            Column("id", "#", facts.id_width, right=True),
            Column("arch", "arch", 9),
            Column("pretrained", "weights", facts.pretrained_width),
            Column("lr", "lr", 6, right=True),
            Column("epoch", "epoch", LEAST_EPOCH),
            Column("best", "best", 6, right=True),
            Column("verdict", "", SIGN),
        )
    }
    spare = width - sum(column.width + 1 for column in chosen.values())
    wanted = (
        Column("data", "data", min(facts.data_width, 9)),
        Column("verdict", "verdict", 12),
        Column("kappa", "kappa", 5 if facts.has_kappa else 0, right=True),
        Column("data", "data", facts.data_width),
        Column("name", "name", facts.name_width),
        Column("ends", "ends ≈", 9),
    )
    for column in wanted:
        before = chosen.get(column.key)
        cost = column.width - before.width if before else column.width + 1
        if column.width and cost <= spare:
            chosen[column.key] = column
            spare -= cost
    epoch = LEAST_EPOCH + max(0, min(spare, MOST_EPOCH - LEAST_EPOCH))
    chosen["epoch"] = replace(chosen["epoch"], width=epoch)
    return tuple(chosen[key] for key in ORDER if key in chosen)


ORDER = (
    "mark", "status", "id", "data", "arch", "pretrained", "lr", "name", "epoch", "ends", "best", "kappa", "verdict",
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
            return sign if column.width == SIGN else f"{sign} {row.verdict}".strip()
        case "ends":
            return clock(datetime.fromtimestamp(row.ends, UTC)) if row.ends else ""
    return str(getattr(row, column.key))


def _epoch(row: RunRow, width: int) -> str:
    """A bar and `6/10`; why a run waits; what it does before its first step; why and where it failed."""
    count = f"{row.epoch}/{row.epochs}"
    if row.status == "queued":
        return row.remark if not row.epoch else f"{count} {row.remark}"
    if row.status == "failed":
        return f"{count} {row.remark}"
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
