"""The recipe "add a metric" of CONTRIBUTING.md: one entry in the catalogue is seen everywhere."""

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small import small_home, small_session, small_spec

from engine.analysis.report.blocks import words_of
from engine.analysis.report.facts import Facts
from engine.analysis.report.metrics_appendix import metric_tables
from engine.files.paths import Home
from engine.metrics import catalogue
from engine.metrics.counts import recalls
from engine.metrics.metric import Chart, Metric
from engine.queries.read_study import collect
from engine.spec.grid import SpecError
from engine.spec.run_spec import choices_of
from engine.store import listing, queue, workers
from engine.store.add import add_runs
from engine.store.chosen import Chosen
from engine.store.database import Store, open_store
from engine.training.store_recorder import StoreRecorder
from tui.cli import run as command_line
from tui.cli.documents import whole
from tui.cli.show_text import show_lines
from tui.feeds.compare_feed import CompareFeed
from tui.feeds.run_feed import RunFeed
from tui.feeds.run_table_feed import RunTableFeed
from tui.views.compared import compare_panels
from tui.views.curves import run_panels
from tui.views.metric_columns import optional_metrics
from tui.views.table_choice import table_choice
from tui.views.table_columns import Column, content, metric_column
from tui.widgets.compare_panes import numbers_text

ROOMS = Path(__file__).parents[2]
TOY = Metric(
    "first_class", "share of the first class found", "first", lambda split: recalls(split.confusion)[0],
    ("test", "val"), chart=Chart("first_class", "first class"), is_selectable=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Store]]:
    """Two runs of a program that knows one more metric, which chose their best epochs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "METRICS", (*catalogue.METRICS, TOY))
        home = small_home(tmp_path_factory.mktemp("toy"), patch)
        store = open_store(home.database)
        worker = workers.register(store, pid=1, device="cpu", device_name="test")
        specs = [small_spec(select_on="test_first_class", seed=seed, epochs=2) for seed in (0, 1)]
        add_runs(store, specs)
        for spec in specs:
            held = queue.claim(store, worker)
            assert held is not None
            recorder = StoreRecorder(store, held, spec, {"device": "cpu"})
            assert small_session(home, held.run_id, spec).train(recorder, lambda: False)
            queue.end(store, held, "done")
        yield home, store
        store.close()


def printed(*arguments: str) -> str:
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        assert command_line(list(arguments)) == 0
    return text.getvalue()


def test_it_is_stored_without_a_migration_and_in_the_documents(trained: tuple[Home, Store]) -> None:
    home, store = trained
    document = whole(store, home, 1)
    by_epoch = {row["epoch"]: row["first_class"] for row in document["metrics"]}
    assert set(by_epoch) == {0, 1, 2} and all(0 <= value <= 1 for value in by_epoch.values())
    assert document["metrics"][-1]["val_first_class"] is None
    best = document["best"]
    assert best["selected_on"] == "test_first_class" and best["selected_value"] == by_epoch[best["epoch"]]
    assert best["selected_value"] == max(by_epoch[1], by_epoch[2]) == document["best_metrics"]["first_class"]
    assert document["last_metrics"]["first_class"] == by_epoch[2]
    assert " first" in "\n".join(show_lines(document))


def test_it_may_choose_the_epoch(trained: tuple[Home, Store]) -> None:
    assert {"test_first_class", "val_first_class"} <= set(choices_of("select_on"))
    with pytest.raises(
        SpecError, match="select_on: 'test_last_class' is unknown: choose from .*test_first_class"
    ):
        small_spec(select_on="test_last_class")


def test_it_has_a_chart_and_stands_in_comparisons(trained: tuple[Home, Store]) -> None:
    home, _ = trained
    run_feed, compare_feed = RunFeed(home, 1), CompareFeed(home, [[1], [2]])
    with contextlib.closing(run_feed), contextlib.closing(compare_feed):
        view, compared = run_feed.poll(), compare_feed.poll()
    assert view is not None and compared is not None
    panel = next(each for each in run_panels() if each.key == "first_class")
    assert [(line.name, len(line.points)) for line in panel.lines(view)] == [("test", 2)]
    beside = next(each for each in compare_panels() if each.key == "first_class")
    assert len(beside.lines(compared)) == 2
    assert re.search(r"\bfirst\b", numbers_text(compared, 120).plain)


def test_it_is_a_column_of_home_and_an_order_of_ls(trained: tuple[Home, Store]) -> None:
    home, store = trained
    assert "first_class" in optional_metrics() and table_choice("first_class,unknown").keys == (
        "first_class",
    )
    with contextlib.closing(RunTableFeed(home.database)) as feed:
        snapshot = feed.poll(None, Chosen(("first_class",)))
    assert snapshot is not None
    with store.read() as session:
        value = (listing.get_run(session, 1).best_metrics or {})["first_class"]
    column = Column(metric_column(optional_metrics()["first_class"]), 6)
    assert float(content(snapshot.rows[1], column)) == pytest.approx(value, abs=1e-3)
    head = printed("ls", "--sort", "first_class", "--home", str(home.root)).splitlines()[0]
    assert "first_class" in head.split()


def test_it_is_a_row_of_the_report(trained: tuple[Home, Store]) -> None:
    study = collect(trained[1], run_ids=None, sweep=None)
    rows = [
        [words_of(cell) for cell in row]
        for table in metric_tables(study.measured, Facts())
        for row in table.rows
    ]
    [row] = [row for row in rows if row[0] == "share of the first class found"]
    assert [bool(re.fullmatch(r"[01]\.\d{3}", cell)) for cell in row[1:]] == [True, True]


@pytest.mark.parametrize("key", ["auc", "mcc", "cohen_kappa", "macro_f1"])
def test_a_metric_is_spelt_where_it_is_declared_and_computed_alone(key: str) -> None:
    """Beside its column, where an older version gave it one."""
    word = re.compile(rf"\b{key}\b")
    files = [
        path.relative_to(ROOMS).as_posix()
        for room in ("engine", "tui")
        for path in (ROOMS / room).rglob("*.py")
        if "migrations" not in path.parts and word.search(_code(path))
    ]
    areas = 2 if key == "auc" else 0  # areas under drawn curves bear its name too
    assert len(files) <= 3 + areas, files


def _code(path: Path) -> str:
    """Without docstrings, comments and help texts: what has to be kept in step."""
    return re.sub(r'"""[\s\S]*?"""|#.*|help=f?"[^"]*"', "", path.read_text())


def test_keys_are_unique_and_each_column_of_the_table_is_a_declared_metric() -> None:
    from engine.store.measurement_tables import EpochMetrics

    keys = [each.key for each in catalogue.split_metrics()]
    assert len(keys) == len(set(keys))
    own: Any = {"run_id", "epoch", "attempt", "runs_at_once", "more"}
    assert set(EpochMetrics.model_fields) - own <= set(keys)
