"""Text of the news: a summary line, and a line for each event."""

from collections.abc import Iterator
from datetime import datetime

from engine.analysis.finding import SIGNS
from engine.analysis.news import Events, News, RunState
from engine.analysis.news_sentences import counts, failure, standing, value, warning
from tui.formatting import clock, decimals
from tui.preferences.news_cursor import BEGINNING


def in_short(news: News, since: datetime) -> str | None:
    """Summarise the news in one line, None where there are none.

    Example: `since Tue 18:02: 6 done, 1 failed (#7 diverged), best #12 .8269, 2 warnings`."""
    counted = counts(news, with_first_failure=True)
    if not counted:
        return None
    if news.best:
        best = news.best[-1].run
        counted.insert(-1 if news.warned else len(counted), f"best #{best.id} {decimals(best.best)}")
    return f"{_when(since)}: {', '.join(counted)}"


def lines(news: News, since: datetime) -> Iterator[str]:
    """Yield a summary line, then a line for each event."""
    yield f"{_when(since)}: {', '.join(counts(news)) or 'nothing new'}"
    for run in (*news.done, *news.failed, *news.cancelled):
        yield f"  {_ended(run)}"
    for best in news.best:
        top = f"#{best.run.id} {best.run.label}  {value(best.run)}"
        yield f"  best       {top}, {standing(best)}"
    for run in news.warned:
        yield f"  warning    #{run.id} {run.label}  {warning(run)}"


def event_lines(events: Events) -> Iterator[str]:
    """Yield a line for each event, with its time: what goes on first, then what ended, the latest first."""
    times = [clock(run.ended_at) if run.ended_at is not None else "" for run in events.ended]
    width = max(map(len, ("now", *times)))
    for run in events.warned:
        yield f"{'now':<{width}}  running    #{run.id} {run.label}  {warning(run)}"
    for run, when in zip(events.ended, times, strict=True):
        said = f"  {SIGNS[run.head[1]]} {run.head[0]}" if run.status == "done" and run.is_warned else ""
        yield f"{when:<{width}}  {_ended(run)}{said}"
    if events.more:
        yield f"… and {events.more:,} before them: resnet-tui news --since 7d"


def _ended(run: RunState) -> str:
    """Say how a run ended: `done       #12 resnet18 none lr 1e-3  best test_acc .8269 (baseline .7333)`."""
    text = f"{run.status:<9}  #{run.id} {run.label}"
    if run.status == "failed":
        return f"{text}  {failure(run)}"
    return f"{text}  best {value(run)}" if run.status == "done" and run.best is not None else text


def _when(since: datetime) -> str:
    return "so far" if since <= BEGINNING else f"since {clock(since)}"
