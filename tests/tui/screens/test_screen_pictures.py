"""Each screen as a picture: what is drawn differs from the one that was looked at only on purpose."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cell_images import SKILL, answer, is_drawn
from pilots import SMALL, TALL, app, make_home, opened, shown, table, until
from rich.text import Text
from score_files import write_scores
from studies import LABELS, open_groups, open_study
from textual.pilot import Pilot
from textual.widgets import Input

from engine.disk import usage
from engine.files.paths import Home
from engine.hardware import processes
from engine.hardware.processes import ProcessFacts
from engine.hardware.system_history import Series
from engine.hardware.telemetry import CardProcess, HostCard, NvidiaState
from engine.store.claims import Claim
from engine.store.system_use import record_hour, record_use
from tui.screens.compare import CompareScreen
from tui.screens.run import RunScreen
from tui.snapshot import WorkerView
from tui.snapshot_rows import make_workers
from tui.widgets.clipped import Clipped
from tui.widgets.key_footer import KeyFooter

ALL_MARKED = (*"vjjjjj", "v", "c")
KEYS: dict[str, tuple[str, ...]] = {
    "home": (),
    "help": ("question_mark",),
    "palette": ("ctrl+p", *"run"),
    "new": ("n",),
    "curves": ("enter", "left"),
    "charts": ("enter", "M", *"acc|loss"),
    "few-curves": ("enter", "M", *"acc|loss", "enter"),
    "confusion": ("enter", "2"),
    "images": ("enter", "2", "enter"),
    "scores": (*"jjjj", "enter", "5", "down", "down", "right"),
    "reliability": (*"jjjj", "enter", "5", "right_square_bracket", "right_square_bracket", "right"),
    "system": ("enter", "6", "left"),
    "failed": ("j", "j", "j", "enter"),
    "compare": ALL_MARKED,
    "numbers": (*ALL_MARKED, "2"),
    "difference": (*ALL_MARKED, "4"),
    "compared-scores": (*ALL_MARKED, "5"),
    "run-help": ("enter", "question_mark"),
    "workers": ("W",),
    "data": ("d",),
    "groups": ("G", "end", "enter"),
    "groups-run": ("end", "enter"),
    "groups-compared": ("G", "space", "end", "space", "c"),
}
ONCE = {
    "help": SMALL,
    "charts": SMALL,
    "palette": SMALL,
    "images": SMALL,
    "failed": SMALL,
    "reliability": SMALL,
    "compared-scores": SMALL,
    "numbers": SMALL,
    "difference": TALL,
    "run-help": SMALL,
    "data": SMALL,
    "groups-run": SMALL,
}
"""These are seen at one size; the others at both."""
USE = Series(
    2.0,
    {
        key: [low + (high - low) * (place * 7 % 30) / 30 for place in range(450)]
        for key, low, high in (
            ("gpu_percent", 80.0, 100.0), ("gpu_memory_gb", 30.0, 41.0), ("gpu_temperature_c", 60.0, 71.0),
            ("cpu_percent", 20.0, 30.0), ("memory_gb", 12.0, 13.0), ("images_per_s", 1_100.0, 1_250.0),
            ("data_wait_share", 0.0, 0.04),
        )
    },
)  # fmt: skip
HOUR = Series(30.0, {"cpu_percent": [60.0 + place % 40 for place in range(120)]})
CASES = [(name, size) for name in KEYS for size in ((ONCE[name],) if name in ONCE else (TALL, SMALL))]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Home:
    """With a study, and nothing that depends on the day or the machine."""
    home = make_home(tmp_path, monkeypatch)
    if request.node.callspec.params["name"].startswith("groups"):
        open_groups(home.root / "runs.db").close()
    else:
        study = open_study(home.root / "runs.db")
        record_use(study, Claim(5, 1), 900.0, USE)
        record_hour(study, 1, HOUR)
        study.close()
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    for run_id in (3, 4):
        write_scores(home, run_id, best=1 if run_id == 3 else 6, last=6)
    monkeypatch.setattr(usage, "free_bytes", lambda _folder: 71_000_000_000)
    monkeypatch.setattr("tui.snapshot_rows.forecast", lambda _time: "≈ 15:52")
    for place in ("tui.views.table_columns.clock", "tui.widgets.failure.clock"):
        monkeypatch.setattr(place, lambda _time: "15:52")
    for place in ("head_line", "run_head"):
        monkeypatch.setattr(f"tui.views.{place}.duration", lambda _seconds: "38 m")
        monkeypatch.setattr(f"tui.views.{place}.forecast", lambda _time, _now: "≈ 15:52")
    monkeypatch.setattr("tui.feeds.queue_waits.seconds_left", lambda _waits, _now: 7_800.0)
    monkeypatch.setattr("tui.feeds.run_table_feed.make_workers", workers_of_another_host)
    monkeypatch.setattr("tui.views.queue_text.clock", lambda *_: "15:52")
    for place in ("tui.views.queue_text.ends_text", "tui.views.worker_text.ends_text"):
        monkeypatch.setattr(place, lambda row, _now: "ends ≈ 15:52, in 21 m" if row.ends else "")
    monkeypatch.setattr(processes, "facts_of", lambda _pid: ProcessFacts("ann", "python -m engine.worker"))
    cards = (
        HostCard("NVIDIA H100", "GPU-0", 80.0, 41.2, (CardProcess(811, 41.0),), 97.0, 63.0),
        HostCard("NVIDIA H100", "GPU-1", 80.0, 0.0),
    )
    monkeypatch.setattr("tui.feeds.cards_feed.nvidia", lambda: NvidiaState(cards, None, None, None))
    return home


def workers_of_another_host(*found: Any) -> tuple[WorkerView, ...]:
    return tuple(replace(each, host="gpu03", pid=4242) for each in make_workers(*found))


@pytest.mark.parametrize(("name", "size"), CASES, ids=[f"{name}-{size[0]}x{size[1]}" for name, size in CASES])
def test_it_looks_as_it_did(snap_compare: Any, home: Home, name: str, size: tuple[int, int]) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await until(pilot, lambda: "test processor" in shown(pilot, "#strip"))
        for key in KEYS[name]:
            await pilot.press(key)
            if key == "G":
                await pilot.press("enter")
                await until(pilot, lambda: table(pilot).row_count == 3)
            if isinstance(pilot.app.screen, RunScreen):
                await until(pilot, lambda: shown(pilot, "#run-head"))
            if isinstance(pilot.app.screen, CompareScreen):
                await until(pilot, lambda: shown(pilot, "#compare-head"))
            if key == "5":
                await until(pilot, lambda: "epoch" in shown(pilot, "#scores-head"))
        await settled(pilot, name)
        await pilot.pause()
        for footer in pilot.app.screen.query(KeyFooter):
            assert 0 < footer.render().cell_len <= size[0], "a key is cut off"

    assert snap_compare(app(home), terminal_size=size, run_before=before)


async def settled(pilot: Pilot[Any], name: str) -> None:
    if name == "groups":
        await until(pilot, lambda: table(pilot).row_count == 6 and "3 ×" in shown(pilot, "#title"))
    if name == "new":
        await until(pilot, lambda: "✔ built in" in shown(pilot, "#data-says"))
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False  # else the picture depends on the moment
    if name == "palette":
        pilot.app.screen.query_one(Input).cursor_blink = False
    if name == "workers":
        await until(pilot, lambda: "card 1" in shown(pilot, "#cards-text") and shown(pilot, "#alerts-text"))
        await until(pilot, lambda: "last hour" in shown(pilot, "#workers-text"))
    if name == "data":
        await until(pilot, lambda: "usable" in shown(pilot, "#data-text"))
    if name == "images":
        await until(pilot, lambda: is_drawn(pilot))
    if name == "difference":
        await until(pilot, lambda: "is missing" in shown(pilot, "#difference-test"))
        pilot.app.screen.query_one("#difference-test", Clipped).say(
            Text("")
        )  # it names the test's own folder
