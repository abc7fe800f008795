"""Text of the news: a summary line, and a line for each event."""

from collections.abc import Iterator
from datetime import datetime

from engine.analysis.news import News, RunState
from tui.formatting import clock, decimals
from tui.preferences.news_cursor import BEGINNING

OVER_BASELINE = ("test_acc",)
"""Metrics that the baseline, an accuracy on the test images, can be compared with."""


def in_short(news: News, since: datetime) -> str | None:
    """Summarise the news in one line, None where there are none.

    Example: `since Tue 18:02: 6 done, 1 failed (#7 diverged), best #12 .8269, 2 warnings`."""
    counts = _counts(news)
    if not counts:
        return None
    if news.failed:
        first, more = news.failed[0], len(news.failed) > 1
        place = next(number for number, text in enumerate(counts) if text.endswith("failed"))
        counts[place] += f" (#{first.id} {first.cause}{', …' if more else ''})"
    if news.best:
        best = news.best[-1].run
        counts.insert(-1 if news.warned else len(counts), f"best #{best.id} {decimals(best.best)}")
    return f"{_when(since)}: {', '.join(counts)}"


def lines(news: News, since: datetime) -> Iterator[str]:
    """Yield a summary line, then a line for each event."""
    yield f"{_when(since)}: {', '.join(_counts(news)) or 'nothing new'}"
    for run in news.done:
        value = f"  best {_value(run)}" if run.best is not None else ""
        yield f"  done       #{run.id} {run.label}{value}"
    for run in news.failed:
        yield f"  failed     #{run.id} {run.label}  {run.cause}: {run.error}"
    for run in news.cancelled:
        yield f"  cancelled  #{run.id} {run.label}"
    for best in news.best:
        top = f"#{best.run.id} {best.run.label}  {_value(best.run)}"
        yield f"  best       {top}, of {best.of} in {best.sweep}"
    for run in news.warned:
        yield f"  warning    #{run.id} {run.label}  {run.head[0]}: {run.evidence}"


def _when(since: datetime) -> str:
    return "so far" if since <= BEGINNING else f"since {clock(since)}"


def _counts(news: News) -> list[str]:
    counts = [
        f"{len(runs)} {status}"
        for status, runs in (("done", news.done), ("failed", news.failed), ("cancelled", news.cancelled))
        if runs
    ]
    if news.warned:
        counts.append(f"{len(news.warned)} warning{'s' if len(news.warned) > 1 else ''}")
    return counts


def _value(run: RunState) -> str:
    """Format the best value as `test_acc .8269 (baseline .7333)`; only an accuracy has a baseline."""
    beside = f" (baseline {decimals(run.baseline)})" if run.selected_on in OVER_BASELINE else ""
    return f"{run.selected_on} {decimals(run.best)}{beside}"
