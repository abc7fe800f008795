"""The opened run stands before its group: mean and band of the other members, and the summary's words."""

import contextlib
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from studies import open_groups, stay, train

from engine.files.paths import Home
from engine.queries.read_groups import group_of_run
from engine.spec.grid import make_spec
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from tui.feeds.run_feed import RunFeed
from tui.formatting import decimals
from tui.plots import Line
from tui.views.curves import run_panels
from tui.views.run_view import RunView


@pytest.fixture
def grouped(tmp_path: Path) -> Iterator[Store]:
    with contextlib.closing(open_groups(tmp_path / "runs.db")) as store:
        yield store


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home.find(tmp_path_factory.mktemp("home"))


def accuracy_lines(view: RunView) -> list[Line]:
    return next(panel for panel in run_panels() if panel.key == "accuracy").lines(view)


def test_a_run_stands_before_the_mean_and_deviation_of_the_others(grouped: Store, home: Home) -> None:
    view = RunFeed(home, 2, grouped, with_group=True).poll()
    assert view is not None and view.group is not None
    with grouped.read() as session:
        others = history.accuracies_of(session, [1, 3])
        n, mean, sd = group_of_run(session, 2).spread("test_acc")  # type: ignore[union-attr]
    last = [row.test for row in others if row.epoch == 4 and row.test is not None]
    middle, deviation = statistics.fmean(last), statistics.stdev(last)
    assert view.group.means[-1] == (4.0, pytest.approx(middle)) and len(view.group.means) == 4
    assert view.group.band[-1] == (4.0, *map(pytest.approx, (middle - deviation, middle + deviation)))
    assert view.caption == f"group of 3 runs: {decimals(mean)} ± {decimals(sd)} at best epoch" and n == 3
    lines = accuracy_lines(view)
    assert [line.name for line in lines][:2] == ["peers", "baseline"] and lines[-1].name == "test"
    assert lines[0].band == view.group.band


def test_what_does_not_count_is_said(grouped: Store, home: Home) -> None:
    view = RunFeed(home, 4, grouped, with_group=True).poll()
    assert (
        view is not None and view.caption.startswith("group of 4 runs: .8806 ± ") and ", n 2" in view.caption
    )
    with grouped.write() as session:
        session.execute(text("UPDATE run SET status = 'failed' WHERE id IN (4, 5)"))
    view = RunFeed(home, 4, grouped, with_group=True).poll()
    assert view is not None and view.caption == "group of 4 runs: none is done"


def test_the_group_is_read_again_where_a_member_has_come_further(grouped: Store, home: Home) -> None:
    feed = RunFeed(home, 7, grouped, with_group=True)
    before = feed.poll()
    assert before is not None and feed.poll() is None
    with grouped.write() as session:
        session.execute(text("UPDATE run SET status = 'done', best_acc = 0.5 WHERE id = 6"))
    after = feed.poll()
    assert after is not None and after.caption != before.caption and after.run_id == 7
    assert feed.poll() is None


def test_a_run_alone_has_no_group_nor_one_that_is_compared(grouped: Store, home: Home) -> None:
    alone = RunFeed(home, 8, grouped, with_group=True).poll()
    compared = RunFeed(home, 2, grouped).poll()
    assert alone is not None and compared is not None
    assert (alone.group, alone.caption, compared.group) == (None, "", None)


def test_folds_of_a_cross_validation_that_lacks_some_are_no_peers_of_a_whole_one(
    tmp_path: Path, home: Home
) -> None:
    with contextlib.closing(open_store(f"sqlite:///{tmp_path}/folds.db")) as store:
        folds = [(seed, fold) for seed in (0, 1) for fold in (1, 2, 3)]
        specs = [
            make_spec({"data": "digits", "folds": 3, "fold": fold, "seed": seed}) for seed, fold in folds
        ]
        add_runs(store, specs)
        one = workers.register(store, pid=1, device="cpu", device_name="test")
        for number in range(5):  # the second lacks its last fold
            held = queue.claim(store, one)
            assert held is not None
            train(store, held, 2, skill=0.5 + number / 10)
            queue.end(store, held, "done")
        stay(store)
        view = RunFeed(home, 1, store, with_group=True).poll()
        with store.read() as session:
            group = group_of_run(session, 1)
            others = history.accuracies_of(session, [2, 3])
    assert group is not None and group.partial == {4, 5}
    assert view is not None and view.group is not None
    last = [row.test for row in others if row.epoch == 2 and row.test is not None]
    assert view.group.means[-1] == (2.0, pytest.approx(statistics.fmean(last))) and len(last) == 2
    assert view.caption.startswith("group of 6 runs: ") and view.caption.endswith(", n 3")
