"""First line of a run's screen. Pure."""

from datetime import UTC, datetime

from rich.text import Text

from tui.formatting import clock, duration, forecast
from tui.run_row import GLYPHS, RunRow
from tui.views.run_view import RunView


def head_text(view: RunView, row: RunRow | None, now: datetime) -> Text:
    """`row`: its line of the run table, which knows when it will have ended."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(view.title, style="bold")
    text.append(f"   {GLYPHS[view.status]} {view.status}")
    text.append(f"  epoch {view.epoch} of {view.epochs}", style="dim")
    text.append(time_text(view, row, now), style="dim")
    if view.worker:
        text.append(f"  on {view.worker}", style="dim")
    if view.name:
        text.append(f"   {view.name}", style="dim")
    return text


def time_text(view: RunView, row: RunRow | None, now: datetime) -> str:
    """Write `  38 m so far, 12 m left (≈ 17:41)`, or `  took 50 m`; an interrupted run has not run all that time."""
    if view.started is None:
        return ""
    if view.status != "running":
        took = duration((view.ended - view.started).total_seconds()) if view.ended is not None else ""
        return f"  took {took}" if took and view.attempt == 1 else ""
    if view.attempt > 1:
        said = f"  first started {clock(view.started, now)}"
    else:
        said = f"  {duration(max((now - view.started).total_seconds(), 0))} so far"
    if row is None or not row.ends:
        return said
    left = max(row.ends - now.timestamp(), 0)
    return f"{said}, {duration(left)} left ({forecast(datetime.fromtimestamp(row.ends, UTC), now)})"
