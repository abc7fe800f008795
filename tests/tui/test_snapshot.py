"""View models: pure functions of rows."""

from datetime import UTC, datetime, timedelta

import pytest
from table_rows import NOW, listed, run, wait

from engine.analysis.finding import Finding
from engine.queries.waiting import Waiting
from engine.store.measurement_tables import EpochMetrics
from engine.store.tables import Worker
from tui.formatting import decimals, duration, forecast, learning_rate, plain
from tui.snapshot_rows import (
    describe_load,
    make_detail,
    make_row,
    make_workers,
    seconds_left,
    waiting_again,
)
from tui.views.progress_cell import bar, progress_text


def test_a_row_has_what_the_table_filters_sorts_and_shows() -> None:
    row = make_row(
        listed(1, "running", epoch=2, step=10, best_acc=0.8269, verdict="collapsed", tags=["a\x1b"]),
        wait(None, ends=89),
    )
    assert (row.best, row.kappa, row.progress, row.warned, row.rank) == (
        0.8269,
        None,
        0.25,
        True,
        (0, 1, 0, 0),
    )
    assert row.tags == ("a\\x1b",) and row.ends == NOW.timestamp() + 60  # to the minute
    packing = make_row(listed(3, "running", doing="packing: 3 of 9 images packed"), None)
    assert packing.remark == "packing: 3 of 9 images packed" and packing.ends is None
    assert make_row(listed(2, "failed", error="bad\x1b[31m\nluck"), None).remark == "bad\\x1b[31m luck"


def test_a_slow_run_says_so_beside_its_epochs_until_it_is_not() -> None:
    busy = "slow: 26 images/s, usually 240; is the machine busy?"
    row = make_row(listed(1, "running", epoch=2, step=10), Waiting(None, slow=busy))
    assert row.slow == busy and progress_text(row, 60) == f"2/10 {busy}"
    again = waiting_again(row, listed(1, "running", epoch=2, step=10), Waiting(None))
    assert again.slow == "" and progress_text(again, 60).endswith("▏ 2/10")


def test_a_time_says_more_than_a_place_in_the_queue() -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert make_row(listed(2), Waiting("2 ahead", (soon,) * 3)).remark == f"starts {forecast(soon)}"
    assert make_row(listed(2), wait("next")).remark == "next"
    waiting = [listed(2, position=8), listed(3, "paused", position=4), listed(4, priority=1, position=9)]
    ranks = {
        row.id: make_row(row, None).rank
        for row in [*waiting, listed(5, "done"), listed(6, "running"), listed(7, "done")]
    }
    assert sorted(ranks, key=ranks.__getitem__) == [6, 4, 3, 2, 7, 5]


def epochs(*numbers: int) -> list[EpochMetrics]:
    return [EpochMetrics(run_id=1, epoch=n, attempt=1, train_acc=n / 10, test_acc=0.7) for n in numbers]


def test_the_curve_leaves_out_the_untrained_network_once_there_is_more() -> None:
    before = make_detail(run(1, "running"), epochs(0), [[3, 1], [0, 2]], "")
    after = make_detail(run(1, "running"), epochs(0, 1, 2), [[3, 1], [0, 2]], "")
    assert before.curve.epochs == (0,) and after.curve.epochs == (1, 2) and after.curve.last_epoch == 10
    assert after.matrix is not None and after.matrix.epoch == 2 and after.matrix.images == 6
    assert after.matrix.shares(0) == [0.75, 0.25]


def test_shares_of_a_class_without_images_are_undefined() -> None:
    view = make_detail(run(1), epochs(1), [[0, 0], [1, 1]], "").matrix
    assert view is not None and view.shares(0) == [None, None]


@pytest.mark.parametrize(
    ("status", "values", "headline", "severity"),
    [
        (
            "failed",
            {"cause": "diverged", "error": "no number", "suggestion": "smaller lr"},
            "failed: diverged",
            "error",
        ),
        ("done", {"verdict": "collapsed", "verdict_evidence": "all 0"}, "collapsed", "error"),
        ("done", {"verdict": "healthy"}, "no problems found", ""),
        ("queued", {}, "waiting", ""),
    ],
)
def test_what_is_said_of_a_run(status: str, values: dict[str, object], headline: str, severity: str) -> None:
    detail = make_detail(run(1, status, **values), [], None, "2 ahead" if status == "queued" else "")
    assert [(each.headline, each.severity) for each in detail.findings] == [(headline, severity)]


def test_all_findings_are_in_the_detail_and_the_gravest_in_the_row() -> None:
    found = [
        Finding(
            "overfitting", "warning", "overfitting", "test NLL 2", "lr", "epochs 9 → 3", 4, {"epochs": 3}
        ),
        Finding("chosen_on_test", "note", "chosen on test", "best of 9 epochs"),
    ]
    values = {
        "findings": [each.as_json() for each in found], "headline": "overfitting", "severity": "warning",
        "verdict": "overfitting",
    }  # fmt: skip
    detail = make_detail(run(1, "done", **values), [], None, "")
    assert [(each.sign, each.headline, each.since) for each in detail.findings] == [
        ("⚠", "overfitting", "since epoch 4"), ("·", "chosen on test", ""),
    ]  # fmt: skip
    row = make_row(listed(1, "done", **values), None)
    assert (row.headline, row.severity, row.warned) == ("overfitting", "warning", True)
    note = make_row(listed(1, "done", **{**values, "headline": "chosen on test", "severity": "note"}), None)
    assert not note.warned


def test_time_left_is_told_only_where_every_end_is_known() -> None:
    assert seconds_left({1: wait(None, ends=50), 2: wait("next", starts=50, ends=90)}, NOW) == 90
    assert seconds_left({1: wait(None, ends=50), 2: wait("next")}, NOW) is None
    assert seconds_left({}, NOW) is None and seconds_left({1: wait(None, ends=-5)}, NOW) == 0


def test_workers_are_matched_with_their_runs() -> None:
    telemetry = {"gpu_percent": 97.0, "memory_gb": 41.2, "memory_total_gb": 80.0, "temperature_c": 63.0}
    worker = Worker(
        id=7, host="h", pid=1, pid_started="x", device="cuda:0", device_name="H100", telemetry=telemetry
    )
    view = make_workers([worker], [run(3, "running", worker_id=7, images_per_s=1204.0)])[0]
    assert (view.run_id, view.images_per_s, view.load) == (3, 1204.0, "97 %  41/80 GiB  63 °C")
    assert make_workers([worker], [])[0].run_id is None and make_workers([worker], [])[0].waits == ""
    worker.state = "waits: process 5 holds 12.0 GiB of cuda:0"
    assert make_workers([worker], [])[0].waits == worker.state
    assert (
        describe_load({"cpu_percent": 3.0, "memory_gb": 2.04}) == "3 %  2.0 GiB" and describe_load({}) == ""
    )


def test_text_from_outside_is_one_visible_line() -> None:
    assert plain("a\x1b[2Jb\u202ec\nd\x00[red]") == "a\\x1b[2Jb\\u202ec d\\x00[red]"
    assert plain("grün 日本") == "grün 日本"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-3, "1e-3"),
        (0.01, "0.01"),
        (0.05, "0.05"),
        (3e-4, "3e-4"),
        (1.0, "1"),
        (0.1, "0.1"),
        (2.5e-5, "2.5e-5"),
    ],
)
def test_learning_rates_are_short_and_exact(value: float, text: str) -> None:
    assert learning_rate(value) == text and float(text) == value


def test_numbers_as_people_read_them() -> None:
    assert [decimals(value) for value in (0.8269, 1.0, None, -0.02, 0.0)] == [
        ".8269",
        "1.0000",
        "–",
        "-.0200",
        ".0000",
    ]
    assert [duration(s) for s in (40, 200, 7800)] == ["40 s", "3 m", "2 h 10 m"]
    assert bar(0, 4) == "▕    ▏" and bar(0.5, 4) == "▕██  ▏" and bar(1, 4) == "▕████▏"
