"""Head of Home: the place, runs by status, since when they run, and when all will have ended. Pure."""

from datetime import datetime, timedelta

from rich.text import Text

from engine.store.status import Status
from tui.formatting import duration, forecast
from tui.run_row import GLYPHS
from tui.snapshot import Snapshot

ORDER: tuple[Status, ...] = ("done", "running", "queued", "paused", "failed", "cancelled")


def head_line(
    snapshot: Snapshot, place: str, marks: tuple[str, str], now: datetime, width: int, warning: str
) -> Text:
    """Return the longest wording that fits `width` cells, the shortest where none does.

    `marks`: what is said of marked runs, with its style; `warning`: the colour of a paused queue."""
    for has_words, is_long, has_place in (
        (True, True, True), (True, False, True), (True, False, False), (False, False, True), (False, False, False),
    ):  # fmt: skip
        text = Text.assemble(("resnet-tui", "bold"), no_wrap=True, overflow="ellipsis")
        if marks[0]:  # before all else: the next key acts on them
            text.append(f"  {marks[0]}", style=marks[1])
        text.append(f"  {place}   " if has_place else "   ", style="dim")
        text.append(_counts(snapshot, has_words=has_words))
        if snapshot.unread:
            text.append(f"  reading {snapshot.unread:,} more runs …", style="dim")
        if snapshot.is_paused:
            text.append("  ‖ queue paused", style=warning)
        text.append(_times(snapshot, now, is_long=is_long), style="dim")
        if text.cell_len <= width:
            break
    return text


def _counts(snapshot: Snapshot, *, has_words: bool) -> str:
    there = [(status, snapshot.counts[status]) for status in ORDER if snapshot.counts.get(status)]
    if has_words:
        return "  ".join(f"{count} {status}" for status, count in there) or "no runs yet"
    return "  ".join(f"{GLYPHS[status]} {count}" for status, count in there) or "no runs yet"


def _times(snapshot: Snapshot, now: datetime, *, is_long: bool) -> str:
    """Write `   38 m so far   all done in 2 h 10 m (≈ 17:41)`."""
    said = ""
    if snapshot.busy_since is not None:
        said += f"   {duration(max((now.astimezone() - snapshot.busy_since).total_seconds(), 0))} so far"
    if snapshot.left_s is not None:
        when = forecast(now + timedelta(seconds=snapshot.left_s), now)
        left = duration(snapshot.left_s)
        said += f"   all done in {left} ({when})" if is_long else f"  {left} left ({when})"
    return said
