"""Acts that depend on the number of classes."""

import contextlib
import dataclasses
import itertools
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.growth.act import Act, Call, Dimension
from benchmarks.growth.probe import MOST_CALLS
from benchmarks.growth.runs import export, home_of, verb
from engine.analysis.matrix_figure import Panel, draw_matrices
from engine.files.epoch_predictions import append_predictions, read_scored
from engine.files.paths import Home
from engine.metrics.catalogue import values_of
from engine.metrics.curves.split_curves import split_curves
from engine.metrics.evaluation import Evaluation
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store, open_store
from engine.training.artifacts import write_predictions
from engine.training.epoch_sums import EpochSums
from engine.training.measure import Choice, EpochResult, measure
from engine.training.recorder import ResumePoint
from engine.training.store_recorder import StoreRecorder
from tests.support.made_evaluations import class_names, evaluation_of, index_of
from tests.support.studies import stay
from tui.feeds.run_feed import RunFeed
from tui.plots import Grid, Plot, draw_matrix

SIZES = (2, 100, 1_000)
IMAGES, EPOCHS = 5_000, 10
HELD = Claim(1, 1)
MATRIX = "the matrix has the square of the classes"


def make_run(folder: Path, size: int) -> None:
    """Write a home with a run of ten epochs on so many classes, with its files of predictions."""
    home = home_of(folder)
    paths = home.run(1)
    paths.folder.mkdir(parents=True)
    store = open_store(home.database)
    worker = workers.register(store, pid=1, device="cpu", device_name="bench")
    add_runs(store, [_spec()])
    assert queue.claim(store, worker) == HELD
    stay(store)
    recorder = _begun(store, home, size, -1)
    for epoch in range(EPOCHS + 1):
        _end_epoch(home, recorder, _result(epoch, size))
    found, names = _evaluation(EPOCHS, size), class_names(size)
    images, labels = (
        [f"made#{IMAGES + row}" for row in range(IMAGES)],
        [names[label] for label in found.labels],
    )
    write_predictions(
        paths, images, labels, found, list(names), last=False, val_epoch=None, fence=contextlib.nullcontext
    )
    store.close()


def _spec() -> RunSpec:
    return make_spec({"data": "digits", "epochs": 1_000})


def _begun(store: Store, home: Home, classes: int, epoch: int) -> StoreRecorder:
    recorder = StoreRecorder(store, HELD, _spec(), {}, paths=home.run(1))
    recorder.begin(
        index_of(IMAGES, classes),
        ResumePoint(epoch, None, steps_per_epoch=20, bucket=0, open_bucket=None, width=1),
    )
    return recorder


def _end_epoch(home: Home, recorder: StoreRecorder, result: EpochResult) -> None:
    found = result.evaluation
    append_predictions(home.run(1), result.epoch, found.predictions, found.scores, fence=recorder.fence)
    recorder.epoch(result, Choice(EPOCHS, 0.9, 0.9, 0.9, None), last=False)


def _evaluation(epoch: int, classes: int) -> Evaluation:
    chance = np.random.default_rng(epoch)
    labels = np.arange(IMAGES) % classes
    wrong = chance.random(IMAGES) < 0.3
    predictions = np.where(wrong, chance.integers(0, classes, IMAGES), labels)
    return evaluation_of(predictions.astype(np.uint16), classes, seed=epoch)


def _result(epoch: int, classes: int) -> EpochResult:
    sums = dataclasses.replace(
        EpochSums(), loss=1.0, correct=700.0, images=1000, images_here=1000, seconds=5.0
    )
    return measure(epoch, _evaluation(epoch, classes), sums, 0.01)


def _metrics(_folder: Path, size: int) -> Call:
    return partial(values_of, _evaluation(1, size), "test")


def _end(folder: Path, size: int) -> Call:
    """Record one more epoch, with its judgement and its matrix."""
    home = home_of(folder)
    recorder = _begun(open_store(home.database), home, size, EPOCHS)
    results = iter([_result(EPOCHS + 1 + more, size) for more in range(MOST_CALLS + 1)])
    return lambda: _end_epoch(home, recorder, next(results))


def _read_matrices(folder: Path, _size: int) -> Call:
    store = open_store(home_of(folder).database)

    def call() -> None:
        with store.read() as session:
            history.confusions_of(session, 1)

    return call


def _curves(_folder: Path, size: int) -> Call:
    found = _evaluation(1, size)
    return lambda: split_curves(
        found.labels, found.scores, found.predictions, class_names(size), ordered=False
    )


def _read_scores(folder: Path, size: int) -> Call:
    def call() -> None:
        assert read_scored(home_of(folder).run(1), class_names(size), EPOCHS, last=False) is not None

    return call


def _open_run(folder: Path, _size: int) -> Call:
    return lambda: RunFeed(home_of(folder), 1).poll()


def _follow_run(folder: Path, _size: int) -> Call:
    """Poll the opened run after a second of training, with the transaction that changes it."""
    feed, store, steps = (
        RunFeed(home_of(folder), 1),
        open_store(home_of(folder).database),
        itertools.count(10_000),
    )
    feed.poll()

    def call() -> None:
        history.record_progress(store, HELD, step=next(steps), images_per_s=100.0, losses=())
        assert feed.poll() is not None

    return call


def _draw_matrix(_folder: Path, size: int) -> Call:
    counts = tuple(map(tuple, _evaluation(1, size).confusion.tolist()))
    grid = Grid(counts, class_names(size), "column share", (size // 2, size // 2))

    def call() -> None:
        plot = Plot()
        draw_matrix(plot, grid, 118, 32)
        plot.build()

    return call


def _draw_figure(_folder: Path, size: int) -> Call:
    counts = _evaluation(1, size).confusion.tolist()
    return lambda: draw_matrices([Panel(("run 1",), class_names(size), counts)])


DIMENSION = Dimension(
    "Classes: 5,000 test images, 10 epochs",
    make_run,
    (
        Act("metrics of an epoch", _metrics, SIZES),
        Act("end of one more epoch: predictions, findings, rows", _end, SIZES),
        Act("read the matrices of all epochs", _read_matrices, SIZES, MATRIX),
        Act("ROC, precision-recall and reliability of all classes", _curves, SIZES),
        Act("read predictions and scores", _read_scores, SIZES),
        Act("run's screen: open", _open_run, SIZES),
        Act("run's screen: poll while it trains", _follow_run, SIZES),
        Act("run's screen: draw the matrix", _draw_matrix, SIZES),
        Act("report's figure of a matrix", _draw_figure, SIZES),
        Act("`show`", verb("show", "1"), SIZES),
        Act("`show --json`", verb("show", "1", "--json"), SIZES, MATRIX),
        Act("`export --epochs --csv`", export("--epochs"), SIZES),
    ),
)
