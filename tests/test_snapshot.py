"""View models: pure functions of rows."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.grid import make_spec
from engine.store.tables import EpochMetrics, Run, Worker
from tui.snapshot import describe_load, make_detail, make_rows, make_workers, seconds_left
from tui.text import decimals, learning_rate, plain
from tui.widgets.bars import duration
from tui.widgets.run_table import bar, plan_columns

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def run(run_id: int, status: str = "queued", **values: object) -> Run:
    spec = make_spec({"data": "digits", "epochs": 10})
    mirrored = spec.model_dump(include={"data", "arch", "pretrained", "lr", "epochs", "batch_size", "seed"})
    row = Run(id=run_id, status=status, spec=spec.to_json(), spec_hash="x", steps_per_epoch=4, **mirrored)
    for name, value in values.items():
        setattr(row, name, value)
    return row


def test_running_first_then_the_queue_then_the_ended_newest_first() -> None:
    runs = [run(1, "done"), run(2), run(3, "failed"), run(4, "running"), run(5), run(6, "paused")]
    rows = make_rows(runs, order=[5, 2], waiting={2: "1 ahead", 5: "next"})
    assert [row.id for row in rows] == [4, 5, 2, 6, 3, 1]
    assert [row.remark for row in rows][1:3] == ["next", "1 ahead"]


def test_a_row_shows_decimals_progress_and_warnings() -> None:
    row = make_rows([run(1, "running", epoch=2, step=10, best_acc=0.8269, verdict="collapsed")], [], {})[0]
    assert (row.best, row.kappa, row.progress, row.warned) == (".8269", "–", 0.25, True)
    packing = make_rows([run(3, "running", doing="packed 3 of 9 images")], [], {})[0]
    assert packing.remark == "packed 3 of 9 images"
    assert make_rows([run(2, "failed", error="bad\x1b[31m\nluck")], [], {})[0].remark == "bad\\x1b[31m luck"


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
    ("status", "values", "verdict", "bad"),
    [
        (
            "failed",
            {"cause": "diverged", "error": "no number", "suggestion": "smaller lr"},
            "failed: diverged",
            True,
        ),
        ("done", {"verdict": "collapsed", "verdict_evidence": "all 0"}, "collapsed", True),
        ("done", {"verdict": "healthy"}, "healthy", False),
        ("queued", {}, "waiting", False),
    ],
)
def test_what_is_said_of_a_run(status: str, values: dict[str, object], verdict: str, bad: bool) -> None:
    detail = make_detail(run(1, status, **values), [], None, "2 ahead" if status == "queued" else "")
    assert (detail.verdict, detail.bad) == (verdict, bad)


def test_time_left_is_told_only_where_every_speed_is_known() -> None:
    done = run(1, "done", epoch=10, started_at=NOW - timedelta(seconds=100), ended_at=NOW)
    early = run(1, "done", epoch=2, started_at=NOW - timedelta(seconds=100), ended_at=NOW)
    assert seconds_left([early, run(3)], NOW) == pytest.approx(10 * 50)
    running = run(2, "running", epoch=5, step=20, started_at=NOW - timedelta(seconds=50))
    assert seconds_left([done, running, run(3)], NOW) == pytest.approx(10 * 5 + 10 * 10)
    assert seconds_left([done, run(3, arch="resnet50")], NOW) is None
    alone = run(2, "running", epoch=2, step=8, started_at=NOW - timedelta(seconds=80))
    assert seconds_left([alone], NOW) == pytest.approx(8 * 40)
    assert seconds_left([done], NOW) is None


def test_workers_are_matched_with_their_runs() -> None:
    telemetry = {"gpu_percent": 97.0, "memory_gb": 41.2, "memory_total_gb": 80.0, "temperature_c": 63.0}
    worker = Worker(
        id=7, host="h", pid=1, pid_started="x", device="cuda:0", device_name="H100", telemetry=telemetry
    )
    view = make_workers([worker], [run(3, "running", worker_id=7, images_per_s=1204.0)])[0]
    assert (view.run_id, view.images_per_s, view.load) == (3, 1204.0, "97 %  41/80 GB  63 °C")
    assert make_workers([worker], [])[0].run_id is None and make_workers([worker], [])[0].waits == ""
    worker.state = "waits: process 5 holds 12.0 GiB of cuda:0"
    assert make_workers([worker], [])[0].waits == worker.state
    assert describe_load({"cpu_percent": 3.0, "memory_gb": 2.04}) == "3 %  2.0 GB" and describe_load({}) == ""


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


@pytest.mark.parametrize("width", [60, 79, 100, 140, 200])
def test_columns_fill_the_width_and_never_exceed_it(width: int) -> None:
    plan = plan_columns(width)
    used = sum(column.width + 1 for column in plan)
    assert used <= max(width, 75) and {column.key for column in plan} >= {"id", "epoch", "best", "kappa"}
