"""View models: pure functions of rows."""

from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len

from engine.metrics.catalogue import find_metric
from engine.queries.waiting import Waiting
from engine.spec.grid import make_spec
from engine.store.overview import Listed
from engine.store.tables import EpochMetrics, Run, Worker
from tui.formatting import clock, decimals, duration, learning_rate, plain
from tui.snapshot_rows import describe_load, make_detail, make_row, make_workers, seconds_left
from tui.views.table_columns import (
    Column,
    Facts,
    bar,
    content,
    facts_of,
    header,
    metric_column,
    plan_columns,
)

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def run(run_id: int, status: str = "queued", **values: object) -> Run:
    spec = make_spec({"data": "digits", "epochs": 10})
    mirrored = spec.model_dump(include={"data", "arch", "pretrained", "lr", "epochs", "batch_size", "seed"})
    row = Run(id=run_id, status=status, spec=spec.to_json(), spec_hash="x", steps_per_epoch=4, **mirrored)
    for name, value in values.items():
        setattr(row, name, value)
    return row


def listed(
    run_id: int, status: str = "queued", metrics: dict[str, float] | None = None, **values: object
) -> Listed:
    """A run as the list of all runs reads it."""
    row = run(run_id, status, **values)
    columns = {name: getattr(row, name) for name in Listed._fields if name != "metrics"}
    return Listed(**columns, metrics=metrics or {})


def wait(reason: str | None, *, starts: int | None = None, ends: int | None = None) -> Waiting:
    """Times in seconds from NOW."""
    times = [
        None if seconds is None else (NOW + timedelta(seconds=seconds),) * 3 for seconds in (starts, ends)
    ]
    return Waiting(reason, *times)


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


def test_a_time_says_more_than_a_place_in_the_queue() -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert make_row(listed(2), Waiting("2 ahead", (soon,) * 3)).remark == f"starts ≈ {clock(soon)}"
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
    assert (detail.verdict.word, detail.verdict.bad) == (verdict, bad)


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


FULL = Facts(id_width=5, name_width=20, data_width=16, pretrained_width=12, has_kappa=True)


@pytest.mark.parametrize("width", [72, 79, 100, 140, 200])
@pytest.mark.parametrize("facts", [Facts(), FULL])
def test_columns_never_exceed_their_width_and_the_wider_have_more(width: int, facts: Facts) -> None:
    plan = plan_columns(width, facts)
    keys = [column.key for column in plan]
    assert sum(column.width + 1 for column in plan) <= width and {"id", "epoch", "best"} <= set(keys)
    assert set(keys) <= {column.key for column in plan_columns(width + 20, facts)}
    row = make_row(listed(12, "running", epoch=6, step=24, name="叶" * 30), None)
    for column in plan:
        assert (
            cell_len(content(row, column, marked=True))
            == cell_len(header(column, "lr", True))
            == column.width
        )


def test_the_verdict_and_the_data_come_before_all_else_that_fits() -> None:
    rows = [
        make_row(listed(1, "done", data="fundus", verdict="collapsed", best_kappa=0.1), None),
        make_row(listed(2, "running", data="fundus-balanced", verdict="healthy"), None),
        make_row(listed(3, "failed", data="digits", lr=0.05), None),
    ]
    facts = facts_of(rows)
    assert (facts.arch_width, facts.lr_width, facts.verdict_width) == (8, 4, len("⚠ collapsed"))
    home_at_120_columns = 76
    widths = {column.key: column.width for column in plan_columns(home_at_120_columns, facts)}
    assert widths["verdict"] == facts.verdict_width and widths["data"] >= 7 and "ends" not in widths
    ended = {column.key: column for column in plan_columns(home_at_120_columns, facts_of(rows[:1]))}
    assert ended["epoch"].width == len("epoch") and "kappa" in ended


def test_no_best_accuracy_is_cut() -> None:
    rows = [make_row(listed(number, "done", best_acc=best), None) for number, best in ((1, 1.0), (2, 0.9))]
    column = next(each for each in plan_columns(200, facts_of(rows)) if each.key == "best")
    assert [content(row, column, marked=False) for row in rows] == ["1.0000", " .9000"]
    assert facts_of(rows[1:]).grown(facts_of(rows)).best_width == 6 and facts_of(rows[1:]).best_width == 5


def test_data_and_kappa_have_columns_only_where_they_tell_something() -> None:
    rows = [make_row(listed(number, data=data), None) for number, data in ((1, "a/b"), (2, "c"))]
    assert facts_of(rows[:1]).data_width == 0 and facts_of(rows).data_width == 3
    assert {column.key for column in plan_columns(200, facts_of(rows))} & {"data", "kappa"} == {"data"}
    long = make_row(listed(3, data="/scratch/project/retina"), None)
    assert content(long, Column("data", "data", 8), marked=False) == "…/retina"


@pytest.mark.parametrize(
    ("status", "values", "shown"),
    [
        ("running", {"epoch": 6, "step": 24}, "▕████▊   ▏ 6/10"),
        ("running", {"epoch": 6, "request": "pause"}, "6/10 pausing"),
        ("failed", {"epoch": 2, "error": "diverged at step 3"}, "2/10 diverged …"),
        ("failed", {"epoch": 2, "error": "the loss is not finite", "cause": "diverged"}, "2/10 diverged"),
        ("done", {"epoch": 10}, "10/10"),
        ("paused", {"epoch": 3}, "3/10"),
    ],
)
def test_the_epochs_cell(status: str, values: dict[str, object], shown: str) -> None:
    row = make_row(listed(1, status, **values), None)
    assert content(row, Column("epoch", "epoch", 15), marked=False).rstrip() == shown


def test_the_columns_that_a_user_chose_come_first_where_the_width_is_short() -> None:
    chosen = [find_metric("auc"), find_metric("val_mcc")]
    row = make_row(listed(1, "done", {"auc": 0.8125}), None)
    facts = facts_of([row])
    least = sum(column.width + 1 for column in plan_columns(0, facts))
    widths = [metric_column(each).width + 1 for each in chosen]
    for room, keys in ((0, []), (widths[0], ["auc"]), (sum(widths), ["auc", "val_mcc"])):
        plan = plan_columns(least + room, facts, chosen)
        assert [column.key for column in plan if column.metric is not None] == keys
    auc, mcc = (metric_column(each) for each in chosen)
    assert content(row, auc, marked=False) == " .812" and content(row, mcc, marked=False).strip() == "–"
    assert header(mcc, "val_mcc", False).strip() == "val MCC▾" and header(auc, "id", False) == "  AUC"
