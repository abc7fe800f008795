"""Notifications outside the window."""

from typing import Any

from pilots import SMALL, app, notified, opened, until

from engine.files.paths import Home
from engine.store import queue
from engine.store.claims import Claim
from engine.store.database import Store
from tui.preferences.notifications import end_notifications, escape_codes
from tui.run_row import RunRow

# Notifications outside the window


def row(run_id: int, status: str, best: float | None = None, **more: Any) -> RunRow:
    usual: dict[str, Any] = {name: "" for name in RunRow._fields}
    numbers = {"priority": 0, "lr": 0.1, "seed": 0, "batch_size": 1, "epoch": 1, "epochs": 2, "progress": 0.5}
    facts = {
        "id": run_id,
        "status": status,
        "best": best,
        "arch": "resnet18",
        "data": "lab",
        "tags": (),
        "kappa": None,
    }
    return RunRow(**{**usual, **numbers, "rank": (0, 0, 0, 0), "ends": None, **facts, **more})


def test_notifications_are_of_ends_failures_and_new_bests() -> None:
    before = {1: row(1, "running", 0.82), 2: row(2, "running", 0.8), 4: row(4, "running")}
    before[3] = row(3, "done", 0.9, data="other")
    after = {
        1: row(1, "done", 0.82), 2: row(2, "running", 0.85), 3: before[3],
        4: row(4, "failed", remark="the loss is not finite"), 5: row(5, "done", 0.99),
    }  # fmt: skip
    assert end_notifications(before, after) == [
        "#1 resnet18 done, best .8200",
        "#2 resnet18 is the best on lab so far: .8500",
        "#4 resnet18 failed: the loss is not finite",
    ]
    assert end_notifications(after, after) == []
    leads = {1: row(1, "running", 0.85), 2: row(2, "running", 0.8)}
    assert end_notifications(leads, {**leads, 1: row(1, "running", 0.9)}) == []  # it was the best before
    second = row(2, "running", 0.8)
    assert (
        end_notifications({1: row(1, "running", 0.5), 2: second}, {1: row(1, "running", 0.6), 2: second})
        == []
    )


def test_escape_codes_hold_one_line_and_end() -> None:
    assert (
        escape_codes("#1 done; best")
        == "\x1b]9;#1 done, best\x07\x1b]777;notify;resnet-tui;#1 done, best\x07\x07"
    )


async def test_ends_are_told_when_asked(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        told: list[str] = []
        pilot.app.notify_outside = told.extend  # type: ignore[method-assign]
        await pilot.press("B")
        assert "when runs end: on" in notified(pilot) and told == ["this is what a notification looks like"]
        queue.end(study, Claim(5, 1), "done")
        await until(pilot, lambda: len(told) == 2)
        assert told[1].startswith("#5 resnet50 done, best .77")
        await pilot.press("B")
        assert "notification: off" in notified(pilot)
