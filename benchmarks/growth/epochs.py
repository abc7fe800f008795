"""Acts that depend on the number of epochs that a run has measured."""

import contextlib
import dataclasses
import itertools
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.growth.act import Act, Call, Dimension
from benchmarks.growth.probe import MOST_CALLS
from benchmarks.growth.runs import export, home_of, verb
from engine.files.epoch_predictions import append_predictions, array_bytes, read_answers
from engine.files.metrics_file import append_metrics
from engine.files.paths import Home
from engine.queries.read_study import collect
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import open_store
from engine.store.epoch_values import row_of
from engine.store.history import pack_matrix
from engine.store.measurement_tables import EpochConfusion
from engine.training.epoch_sums import EpochSums
from engine.training.measure import Choice, EpochResult, measure
from engine.training.recorder import ResumePoint
from engine.training.store_recorder import StoreRecorder
from tests.support.made_evaluations import CLASSES, evaluation_of, index_of
from tests.support.studies import stay
from tui.feeds.run_feed import RunFeed
from tui.plots import Plot, draw_chart
from tui.views.curves import ChartState, chart_of

SIZES = (10, 100, 1_000)
IMAGES = 10_000
"""Test images of the run."""
BEST = 3
"""Epoch that was the best: the last is compared with it, image by image."""
HELD = Claim(1, 1)


def make_run(folder: Path, size: int) -> None:
    """Write a home with a run of so many epochs, which is still training: its rows, metrics.csv and predictions."""
    home = home_of(folder)
    paths = home.run(1)
    paths.folder.mkdir(parents=True)
    store = open_store(home.database)
    worker = workers.register(store, pid=os.getpid(), device="cpu", device_name="bench")
    add_runs(store, [_spec("test_acc")])
    assert queue.claim(store, worker) == HELD
    stay(store)
    StoreRecorder(store, HELD, _spec("test_acc"), {}, paths=paths).begin(index_of(IMAGES), _point(-1))
    with store.write() as session:
        for epoch in range(size + 1):
            result = _result(epoch)
            session.add(row_of(HELD, result))
            counts = pack_matrix(result.evaluation.confusion.tolist())
            session.add(EpochConfusion(run_id=1, epoch=epoch, classes=CLASSES, counts=counts))
    answers = np.stack([_predicted(epoch) for epoch in range(size + 1)])
    paths.answers.write_bytes(array_bytes(answers))
    paths.answer_scores.write_bytes(array_bytes(np.full(answers.shape, 0.5, np.float16)))
    append_metrics(paths, _result(0), fence=contextlib.nullcontext)
    heading, line = paths.metrics.read_text().splitlines()
    lines = [heading, *(f"{epoch},{line.partition(',')[2]}" for epoch in range(size + 1))]
    paths.metrics.write_text("\n".join(lines) + "\n")
    store.close()


def _spec(select_on: str) -> RunSpec:
    return make_spec({"data": "digits", "epochs": 100_000, "select_on": select_on})


def _point(epoch: int) -> ResumePoint:
    return ResumePoint(epoch, None, steps_per_epoch=20, bucket=0, open_bucket=None, width=1)


def _predicted(epoch: int) -> NDArray[np.uint16]:
    """Return predictions that are best in epoch BEST and waver afterwards."""
    chance = np.random.default_rng(epoch)
    wrong = chance.random(IMAGES) < (0.2 if epoch == BEST else 0.3)
    return ((np.arange(IMAGES) + wrong) % CLASSES).astype(np.uint16)


def _result(epoch: int) -> EpochResult:
    sums = dataclasses.replace(
        EpochSums(), loss=1.0, correct=700.0, images=1000, images_here=1000, seconds=5.0
    )
    return measure(epoch, evaluation_of(_predicted(epoch), CLASSES, seed=epoch), sums, 0.01)


def _end(folder: Path, size: int, *, select_on: str = "test_acc") -> Call:
    """End the next epoch, but for weights and checkpoint: write its predictions, judge the run, record its rows."""
    home = _copy_of(folder)
    paths, spec = home.run(1), _spec(select_on)
    recorder = StoreRecorder(open_store(home.database), HELD, spec, {}, paths=paths)
    recorder.begin(index_of(IMAGES), _point(size))
    results = iter([_result(size + 1 + more) for more in range(MOST_CALLS + 2)])
    best = Choice(BEST, 0.9, 0.9, 0.9, None)

    def call() -> None:
        result = next(results)
        found = result.evaluation
        append_predictions(paths, result.epoch, found.predictions, found.scores, fence=recorder.fence)
        append_metrics(paths, result, fence=recorder.fence)
        recorder.epoch(result, best, last=False)

    call()  # the first epoch of an attempt reads those before it
    return call


def _append_predictions(folder: Path, size: int) -> Call:
    paths, epochs, result = _copy_of(folder).run(1), itertools.count(size + 1), _result(size)
    found = result.evaluation
    return lambda: append_predictions(
        paths, next(epochs), found.predictions, found.scores, fence=contextlib.nullcontext
    )


def _append_metrics(folder: Path, size: int) -> Call:
    paths, epochs, result = _copy_of(folder).run(1), itertools.count(size + 1), _result(size)
    return lambda: append_metrics(
        paths, dataclasses.replace(result, epoch=next(epochs)), fence=contextlib.nullcontext
    )


def _copy_of(folder: Path) -> Home:
    """Return a copy of the home, for an act that writes into it."""
    place = folder / "copy"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(folder / "runs", place / "runs")
    shutil.copy(folder / "runs.db", place)
    return home_of(place)


def _open_run(folder: Path, _size: int) -> Call:
    """Open the run's screen: read it all."""
    return lambda: RunFeed(home_of(folder), 1).poll()


def _follow_run(folder: Path, size: int) -> Call:
    """Poll the opened run after a second of training, with the transaction that changes it."""
    feed, store = RunFeed(home_of(folder), 1), open_store(home_of(folder).database)
    steps = itertools.count(size * 20)
    feed.poll()

    def call() -> None:
        history.record_progress(store, HELD, step=next(steps), images_per_s=100.0, losses=())
        assert feed.poll() is not None

    return call


def _charts(folder: Path, _size: int) -> Call:
    """Draw all charts of the run's screen."""
    view, state = RunFeed(home_of(folder), 1).poll(), ChartState()
    assert view is not None

    def call() -> None:
        for panel in state.panels:
            plot = Plot()
            draw_chart(plot, chart_of(view, state, panel), 60, 16)
            plot.build()

    return call


def _read_answers(folder: Path, _size: int) -> Callable[[], object]:
    return partial(read_answers, home_of(folder).run(1))


def _read_study(folder: Path, _size: int) -> Call:
    return partial(collect, open_store(home_of(folder).database), run_ids=[1], sweep=None)


DIMENSION = Dimension(
    "Epochs that a run has measured, 10,000 test images",
    make_run,
    (
        Act("end of one more epoch: predictions, metrics.csv, findings, rows", _end, SIZES),
        Act("the same, epoch chosen by Cohen's kappa", partial(_end, select_on="test_cohen_kappa"), SIZES),
        Act("of it: the epoch's predictions", _append_predictions, SIZES),
        Act("of it: the line of metrics.csv", _append_metrics, SIZES),
        Act("read all predictions", _read_answers, SIZES),
        Act("run's screen: open", _open_run, SIZES),
        Act("run's screen: poll while it trains", _follow_run, SIZES),
        Act("run's screen: draw all charts", _charts, SIZES),
        Act("`show`", verb("show", "1"), SIZES),
        Act("`show --json`", verb("show", "1", "--json"), SIZES),
        Act("`export --epochs --csv`", export("--epochs"), SIZES),
        Act("report: read the run", _read_study, SIZES),
    ),
)
