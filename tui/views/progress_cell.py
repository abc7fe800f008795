"""Cell of the run table that says how far a run or a group is. Pure."""

from collections.abc import Collection

from rich.cells import cell_len

from engine.store.status import ENDED
from tui.run_row import Fold, RunRow

BAR, LEAST_BAR = 8, 3
SHORT_EPOCH, LEAST_EPOCH, MOST_EPOCH = 9, 14, 40
"""Widths of the epoch column: the short one holds `≈ 15:52` or `10/100`; the least `starts ≈ 15:52`, or a bar and
`10/100`; the most the reason for waiting or failing."""
STARTS = "starts "


def epoch_width(values: Collection[tuple[bool, int, int]]) -> int:
    """Return the width of the epoch column; that of `6/10` or `5/5 done` where all runs are done or cancelled."""
    if not all(is_over for is_over, _, _ in values):
        return LEAST_EPOCH
    epochs, runs = (max((each[place] for each in values), default=0) for place in (1, 2))
    return max(len("epoch"), 2 * len(str(epochs)) + 1, len(f"{runs}/{runs} done") if runs else 0)


def epoch_need(row: RunRow) -> tuple[bool, int, int]:
    """Return whether nothing but numbers needs to be shown, the epochs, and the members of a group."""
    is_over = row.status in ("done", "cancelled") and (row.fold is None or not row.fold.failed)
    return is_over, row.epochs, len(row.fold.members) if row.fold is not None else 0


def _members_done(fold: Fold) -> str:
    return f"{fold.done}/{len(fold.members)} done"


def _of_group(row: RunRow, fold: Fold, width: int) -> str:
    """Format a group's progress as a bar where there is room, `3/5 done` and how many failed."""
    count = _members_done(fold) + (f" ✖{fold.failed}" if fold.failed else "")
    room = width - len(count) - 3
    return (
        f"{bar(row.progress, min(BAR, room))} {count}"
        if row.status not in ENDED and room >= LEAST_BAR
        else count
    )


def progress_text(row: RunRow, width: int) -> str:
    """Format progress as a bar and `6/10`, or why a run waits, what it does before its first step, why it failed."""
    if row.fold is not None:
        return _of_group(row, row.fold, width)
    count = f"{row.epoch}/{row.epochs}"
    if row.status == "queued" and width < LEAST_EPOCH and not row.epoch:
        return row.remark.removeprefix(STARTS)
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
    if row.status == "running" and row.slow:
        return f"{count} {row.slow}"
    if row.status != "running":
        return count
    room = width - len(count) - 3
    return f"{bar(row.progress, min(BAR, room))} {count}" if room >= LEAST_BAR else count


def bar(share: float, width: int) -> str:
    """Draw a progress bar in eighths of a character, between two half-blocks."""
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    blocks = "█" * full + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")
    return f"▕{blocks.ljust(width)}▏"
