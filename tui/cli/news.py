"""`resnet-tui news`: events since the last visit."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from engine.analysis.news import Best, News, RunState
from engine.files.paths import Home
from engine.queries.read_news import read_news
from engine.store.database import open_store
from tui.cli.options import takes_home
from tui.cli.output import print_json, print_message
from tui.cli.since import EXAMPLES, parse_since
from tui.formatting import plain
from tui.preferences.news_cursor import BEGINNING, NewsCursor, load_cursor, news_file, save_cursor
from tui.views.news_text import lines


@takes_home
def news(
    home: Home,
    since: Annotated[
        str | None, typer.Option(metavar="T", help=f"{EXAMPLES} (default: since the last call).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> int:
    """List the runs that ended or failed and why, the best of each sweep, and runs with warnings."""
    now = datetime.now().astimezone()
    path = news_file(home)
    cursor = load_cursor(path) or NewsCursor(BEGINNING, BEGINNING)
    if since is not None:
        time = parse_since(since, now)
        cursor = NewsCursor(time, time)
    with open_store(home.database, create=False).read() as session:
        found = read_news(session, cursor.through, already_warned=cursor.warned)
    if as_json:
        print_json(document(found, cursor.at, now))
    else:
        for line in lines(found, cursor.at):
            print(plain(line))
    if since is None:
        try:
            save_cursor(path, NewsCursor(now, found.latest_end or cursor.through, found.warned_running))
        except OSError as error:
            print_message(f"these news will be shown again: {error.filename}: {error.strerror}")
    return 0


def document(news: News, since: datetime, until: datetime) -> dict[str, Any]:
    """Return the document of `news --json`; `since` is null where it covers everything."""
    return {
        "since": None if since <= BEGINNING else since.astimezone(UTC).isoformat(timespec="seconds"),
        "until": until.astimezone(UTC).isoformat(timespec="seconds"),
        "done": [_run(run) for run in news.done],
        "failed": [_run(run) | {"cause": run.cause, "error": run.error} for run in news.failed],
        "cancelled": [_run(run) for run in news.cancelled],
        "best": [_best(best) for best in news.best],
        "warned": [_run(run) | _warning(run) for run in news.warned],
    }


def _run(run: RunState) -> dict[str, Any]:
    ended = run.ended_at.isoformat() if run.ended_at else None
    return {
        "id": run.id,
        "sweep": run.sweep,
        "best": run.best,
        "baseline": run.baseline,
        "selected_on": run.selected_on,
        "ended_at": ended,
    }


def _warning(run: RunState) -> dict[str, Any]:
    headline, severity = run.head
    return {"verdict": run.verdict, "headline": headline, "severity": severity, "evidence": run.evidence}


def _best(best: Best) -> dict[str, Any]:
    return {
        "sweep": best.sweep,
        "id": best.run.id,
        "value": best.run.best,
        "selected_on": best.run.selected_on,
        "data": best.run.data,
        "of": best.of,
    }
