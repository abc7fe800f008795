"""First lines of Home and of a run: how long it has taken, and how long it will."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from table_rows import listed

from engine.files.paths import Home
from engine.store.database import Store
from tui.feeds.known_runs import KnownRuns
from tui.feeds.run_feed import RunFeed
from tui.snapshot import Snapshot
from tui.snapshot_rows import make_row
from tui.views.head_line import head_line
from tui.views.run_head import time_text

NOW = datetime(2026, 3, 4, 15, 31, tzinfo=UTC)
BUSY = Snapshot(
    rows={}, groups={}, group_by="", counts={"done": 4, "running": 1, "failed": 1}, unread=0, left_s=7_800,
    detail=None, workers=(), busy_since=NOW - timedelta(minutes=38),
)  # fmt: skip


def said(snapshot: Snapshot, width: int) -> str:
    return head_line(snapshot, "retina@gpu03", ("", ""), NOW, width, "").plain


def test_the_head_says_elapsed_and_left_in_words_that_fit() -> None:
    assert "4 done  1 running  1 failed   38 m so far   all done in 2 h 10 m (≈ " in said(BUSY, 120)
    for width in range(65, 120):
        text = said(BUSY, width)
        assert len(text) <= width and "38 m" in text and "2 h 10 m" in text
    assert "✔ 4  ● 1  ✖ 1" in said(BUSY, 65)


def test_an_idle_head_has_no_times() -> None:
    idle = replace(BUSY, counts={}, left_s=None, busy_since=None)
    assert said(idle, 80).split() == ["resnet-tui", "retina@gpu03", "no", "runs", "yet"]


def test_a_resumed_run_does_not_count_the_time_it_stood_still() -> None:
    runs = KnownRuns()
    early, late = NOW - timedelta(days=2), NOW - timedelta(minutes=5)
    runs.unended = {
        1: listed(1, "running", started_at=early, attempt=2),
        2: listed(2, "running", started_at=late, attempt=1),
        3: listed(3, "queued"),
    }
    assert runs.busy_since == late


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "  38 m so far, 12 m left (≈ "),
        ({"attempt": 2}, "  first started "),
        ({"status": "done", "ended": NOW}, "  took 38 m"),
        ({"status": "queued", "started": None}, ""),
    ],
)
def test_a_run_says_how_long_it_took_and_what_is_left(
    study: Store, home: Home, more: dict[str, object], words: str
) -> None:
    view = RunFeed(home, 1, study).poll()
    assert view is not None
    row = make_row(listed(1, "running"), None)._replace(ends=int((NOW + timedelta(minutes=12)).timestamp()))
    begun = replace(view, status="running", started=NOW - timedelta(minutes=38), attempt=1)
    text = time_text(replace(begun, **more), row, NOW)  # type: ignore[arg-type]
    assert text.startswith(words) if words else text == ""
