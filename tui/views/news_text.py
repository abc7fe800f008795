"""Text of the news: a summary line, and a line for each event."""

from collections.abc import Iterator
from datetime import datetime

from engine.analysis.news import News
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
    for run in news.done:
        best_value = f"  best {value(run)}" if run.best is not None else ""
        yield f"  done       #{run.id} {run.label}{best_value}"
    for run in news.failed:
        yield f"  failed     #{run.id} {run.label}  {failure(run)}"
    for run in news.cancelled:
        yield f"  cancelled  #{run.id} {run.label}"
    for best in news.best:
        top = f"#{best.run.id} {best.run.label}  {value(best.run)}"
        yield f"  best       {top}, {standing(best)}"
    for run in news.warned:
        yield f"  warning    #{run.id} {run.label}  {warning(run)}"


def _when(since: datetime) -> str:
    return "so far" if since <= BEGINNING else f"since {clock(since)}"
