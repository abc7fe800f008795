"""Text about the queue: when its next runs start, and when all will have ended. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from rich.text import Text

from engine.spec.plugin_name import arch_shown
from engine.store.status import ENDED
from tui.formatting import clock, decimals, duration, learning_rate, plain
from tui.run_row import RunRow
from tui.snapshot import Snapshot


def head_of(workers: int, idle: int, jobs: int, snapshot: Snapshot | None, now: datetime) -> Text:
    """Count the workers, the `jobs` that wait in Slurm and the runs of the queue, and say when all will have ended,
    where that is known."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{workers} worker{'' if workers == 1 else 's'}", style="bold")
    text.append(f"   {idle} idle" if idle else "", style="dim")
    text.append(f"   {jobs} job{'s wait' if jobs > 1 else ' waits'}" if jobs else "", style="dim")
    if snapshot is None:
        return text
    for status in ("running", "queued"):
        if count := snapshot.counts.get(status):
            text.append(f"   {count:,} {status}", style="dim")
    if snapshot.is_paused:
        text.append("   queue paused", style="bold")
    if snapshot.left_s is not None:
        ends = f"≈ {clock((now + timedelta(seconds=snapshot.left_s)).astimezone(), now.astimezone())}"
        text.append(f"   all done in {duration(snapshot.left_s)} ({ends})", style="dim")
    return text


def next_runs(rows: Iterable[RunRow], most: int) -> list[RunRow]:
    """Return the first runs that wait, in the queue's order."""
    return sorted((row for row in rows if row.status == "queued"), key=lambda row: row.rank)[:most]


def queue_text(first: Iterable[RunRow], waiting: int, now: datetime) -> Text:
    """Write the next of `waiting` runs, each with its start or the reason why it waits, and its end."""
    text = Text(no_wrap=True, overflow="ellipsis")
    rows = list(first)
    if not rows:
        return text
    text.append("next in the queue", style="bold")
    text.append(f"   {waiting - len(rows):,} more\n" if waiting > len(rows) else "\n", style="dim")
    digits = max(len(str(row.id)) for row in rows)
    for row in rows:
        text.append(f"  {f'#{row.id}':<{digits + 1}} {recipe(row)}")
        says = [plain(row.remark), ends_text(row, now)]
        text.append(f"  {'  '.join(filter(None, says))}\n", style="dim")
    return text.append("\n")


def ended_runs(rows: Iterable[RunRow], most: int) -> list[RunRow]:
    """Return runs that have ended, the newest number first."""
    return sorted((row for row in rows if row.status in ENDED), key=lambda row: row.rank)[:most]


def ended_text(rows: Iterable[RunRow]) -> Text:
    """Write runs that have ended, each with its best test accuracy, or why it failed."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for number, row in enumerate(rows):
        text.append("" if number else "ended\n", style="bold")
        best = f"best {decimals(row.best)}" if row.best is not None else ""
        says = [row.status, best, plain(row.remark)]
        text.append(f"  #{row.id} {recipe(row)}").append(f"  {'  '.join(filter(None, says))}\n", style="dim")
    return text.append("\n") if text.plain else text


def recipe(row: RunRow) -> str:
    """Name a run by its network, first weights and learning rate."""
    return plain(f"{arch_shown(row.arch)} {row.pretrained} {learning_rate(row.lr)}")


def ends_text(row: RunRow, now: datetime) -> str:
    """Write `ends ≈ 15:52, in 13 m`; empty where nobody knows."""
    if row.ends is None:
        return ""
    end = datetime.fromtimestamp(row.ends).astimezone()
    left_s = (end - now.astimezone()).total_seconds()
    return f"ends ≈ {clock(end, now.astimezone())}" + (f", in {duration(left_s)}" if left_s >= 60 else "")
