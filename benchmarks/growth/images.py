"""Acts that depend on the number of images."""

import contextlib
import dataclasses
import os
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.growth.act import Act, Call, Dimension
from benchmarks.growth.probe import MOST_CALLS
from engine.analysis.comparison.optimism import optimism
from engine.analysis.comparison.paired import paired_test
from engine.analysis.evidence import EpochEvidence
from engine.analysis.findings.case import Predictions, make_case
from engine.analysis.findings.paired_epochs import loss_since_best
from engine.datasets.index import Index
from engine.datasets.indexing import survey_folder
from engine.datasets.leaks import other_member
from engine.datasets.packed import pack
from engine.datasets.pixels.content import text_hashes
from engine.datasets.pixels.decode import Look
from engine.datasets.provenance import find_leak, trained_on
from engine.datasets.read_options import ReadOptions
from engine.datasets.survey import data_document
from engine.files.epoch_predictions import append_predictions, array_bytes, read_scored
from engine.files.paths import Home, RunPaths
from engine.metrics.catalogue import values_of
from engine.metrics.curves.split_curves import split_curves
from engine.metrics.evaluation import Evaluation
from engine.prediction.result_files import CsvWriter, JsonWriter, Prediction, Writer
from engine.queries.worst_errors import worst_errors
from engine.spec.grid import make_spec
from engine.training.artifacts import write_predictions
from tests.support.made_evaluations import CLASSES, class_names, evaluation_of, index_of

SIZES = (1_000, 10_000, 100_000)
DECODED = (100, 1_000, 10_000)
"""Sizes of acts that decode files: 100,000 would take minutes."""
SIDE_PX = 32
LOOK = Look(SIDE_PX, "stretch", "none")
GROUP = 2
"""Images of a patient."""
EPOCHS = 10
LINKS = 20_000
"""Images that are one file under several names: a file system allows no more."""


def make_data(folder: Path, size: int) -> None:
    """Write the same images as class folders, as a table with a folder and as IDX, and a run's predictions of them."""
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    for number in range(CLASSES):
        (folder / "folders" / f"class{number}").mkdir(parents=True)
    (folder / "table" / "photos").mkdir(parents=True)
    names = [f"{patient}_{side}.png" for patient in range(size // GROUP) for side in ("left", "right")]
    for row, name in enumerate(names):
        one = folder / f"one{row // LINKS}.png"
        if row % LINKS == 0:
            Image.fromarray(pixels).save(one)
        os.link(one, folder / "folders" / f"class{row % CLASSES}" / name)
        os.link(one, folder / "table" / "photos" / name)
    lines = [f"{name},{row % CLASSES}\n" for row, name in enumerate(names)]
    (folder / "table" / "labels.csv").write_text("image,label\n" + "".join(lines))
    _write_idx(folder / "idx", size)
    _write_run(RunPaths(folder / "runs" / "1"), size)


def _write_idx(folder: Path, size: int) -> None:
    """Write images of 28 px as MNIST has them, a fifth as test images."""
    folder.mkdir()
    test = size // 5
    for split, count in (("train", size - test), ("t10k", test)):
        pixels = np.random.default_rng(count).integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = (np.arange(count) % CLASSES).astype(np.uint8)
        (folder / f"{split}-images-idx3-ubyte").write_bytes(
            struct.pack(">IIII", 2051, count, 28, 28) + pixels.tobytes()
        )
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(
            struct.pack(">II", 2049, count) + labels.tobytes()
        )


def _write_run(paths: RunPaths, size: int) -> None:
    paths.folder.mkdir(parents=True)
    _write_predictions(paths, size)
    paths.answers.write_bytes(array_bytes(np.stack([_predicted(epoch, size) for epoch in range(EPOCHS + 1)])))
    paths.answer_scores.write_bytes(array_bytes(np.full((EPOCHS, size), 0.5, np.float16)))
    found = _evaluation(EPOCHS, size)
    append_predictions(paths, EPOCHS, found.predictions, found.scores, fence=contextlib.nullcontext)


def _write_predictions(paths: RunPaths, size: int) -> None:
    found, classes = _evaluation(EPOCHS, size), list(class_names(CLASSES))
    names, labels = [f"photos/{row}.png" for row in range(size)], [classes[label] for label in found.labels]
    write_predictions(
        paths, names, labels, found, classes, last=False, val_epoch=None, fence=contextlib.nullcontext
    )


def _predicted(epoch: int, size: int) -> NDArray[np.uint16]:
    wrong = np.random.default_rng(epoch).random(size) < (0.1 if epoch == 3 else 0.3)
    return ((np.arange(size) + wrong) % CLASSES).astype(np.uint16)


def _evaluation(epoch: int, size: int) -> Evaluation:
    return evaluation_of(_predicted(epoch, size), CLASSES, seed=epoch)


def _grouped(size: int) -> tuple[str, ...]:
    return tuple(f"patient {row // GROUP}" for row in range(size))


def _survey(name: str) -> Callable[[Path, int], Call]:
    """Return the preparation of reading data: names, labels, groups, splits and their problems."""

    def prepare(folder: Path, size: int) -> Call:
        def call() -> None:
            found = survey_folder(folder / name, ReadOptions(test_fraction=0.2))
            assert found.index is not None and len(found.index.names) == size

        return call

    return prepare


def _index(folder: Path, name: str) -> Index:
    return survey_folder(folder / name, ReadOptions(test_fraction=0.2)).checked()


def _check(folder: Path, _size: int) -> Call:
    """Make the document of `data check` without opening an image."""
    survey = survey_folder(folder / "folders", ReadOptions(test_fraction=0.2))
    return partial(data_document, "data", survey, None, on_bad="fail")


def _pack(folder: Path, _size: int, *, name: str) -> Call:
    """Pack into a new cache."""
    index, caches = (
        _index(folder, name),
        iter([folder / f"cache{number}" for number in range(MOST_CALLS + 1)]),
    )
    return lambda: pack(index, next(caches), LOOK)


def _packed_already(folder: Path, _size: int) -> Call:
    """Find that packed images are still those of the files."""
    index, cache = _index(folder, "folders"), folder / "cache"
    pack(index, cache, LOOK)
    return partial(pack, index, cache, LOOK)


def _metrics(_folder: Path, size: int) -> Call:
    return partial(values_of, _evaluation(1, size), "test")


def _curves(_folder: Path, size: int) -> Call:
    found = _evaluation(1, size)
    return lambda: split_curves(
        found.labels,
        found.scores,
        found.predictions,
        class_names(CLASSES),
        ordered=False,
        groups=_grouped(size),
    )


def _write(folder: Path, size: int) -> Call:
    paths = RunPaths(folder / "written")
    paths.folder.mkdir()
    return partial(_write_predictions, paths, size)


def _read(folder: Path, _size: int) -> Call:
    def call() -> None:
        paths = RunPaths(folder / "runs" / "1")
        assert read_scored(paths, class_names(CLASSES), EPOCHS, last=False) is not None

    return call


def _append(folder: Path, size: int) -> Call:
    paths, found = RunPaths(folder / "runs" / "1"), _evaluation(1, size)
    epochs = iter(range(EPOCHS + 1, EPOCHS + MOST_CALLS + 3))
    return lambda: append_predictions(
        paths, next(epochs), found.predictions, found.scores, fence=contextlib.nullcontext
    )


def _worst(folder: Path, _size: int) -> Call:
    home, spec = Home.find(folder), make_spec({"data": "digits"})
    return partial(worst_errors, home, 1, spec, class_names(CLASSES), EPOCHS, 12)


def _since_best(_folder: Path, size: int) -> Call:
    """Compare the last of ten epochs with the best, image by image and with groups, from nothing."""
    answers = np.stack([_predicted(epoch, size) for epoch in range(EPOCHS + 1)])
    labels, groups = np.arange(size) % CLASSES, _grouped(size)
    history = [
        EpochEvidence(epoch, 1.0, 0.5, 0.7, 0.2, None, answers=(), labels=())
        for epoch in range(1, EPOCHS + 1)
    ]

    def call() -> None:
        case = make_case(
            history,
            make_spec({"data": "digits"}),
            predictions=Predictions(answers, labels, groups),
            best_epoch=3,
        )
        assert case is not None and loss_since_best(case) is not None

    return call


def _paired(_folder: Path, size: int) -> Call:
    labels = np.arange(size) % CLASSES
    return partial(paired_test, _predicted(1, size) == labels, _predicted(3, size) == labels, _grouped(size))


def _optimism(_folder: Path, size: int) -> Call:
    answers = np.stack([_predicted(epoch, size) for epoch in range(EPOCHS)]).astype(np.int64)
    return partial(optimism, np.arange(size) % CLASSES, answers, "test_acc", _grouped(size))


def _leak(_folder: Path, size: int) -> Call:
    """Count the test images that earlier weights know."""
    index = dataclasses.replace(index_of(size // 2), groups=_grouped(size))
    hashes = text_hashes(list(index.names))

    def call() -> None:
        find_leak(index, hashes, trained_on(1, index, hashes, trains=True, inherited=None))
        other_member(index)

    return call


def _predict(writer: Callable[[], Writer]) -> Callable[[Path, int], Call]:
    """Return the preparation of writing what `predict` prints."""

    def prepare(_folder: Path, size: int) -> Call:
        shares = tuple([0.2] * CLASSES)
        found = [Prediction(f"photos/{row}.png", "class 1", 0.5, shares) for row in range(size)]

        def call() -> None:
            out = writer()
            for each in found:
                out.write(each)
            out.close([])

        return call

    return prepare


DIMENSION = Dimension(
    "Images: five classes, two images a patient",
    make_data,
    (
        Act("read the index of class folders", _survey("folders"), SIZES),
        Act("read the index of a table with a folder", _survey("table"), SIZES),
        Act("`data check`'s document, by names alone", _check, SIZES),
        Act("pack PNGs of 32 px", partial(_pack, name="folders"), DECODED),
        Act("pack IDX", partial(_pack, name="idx"), SIZES),
        Act("find packed images unchanged", _packed_already, DECODED),
        Act("metrics of an epoch", _metrics, SIZES),
        Act("ROC, precision-recall and reliability, intervals by patients", _curves, SIZES),
        Act("write predictions.csv and scores.npy", _write, SIZES),
        Act("read them", _read, SIZES),
        Act("write an epoch's predictions", _append, SIZES),
        Act("finding `worse_than_best` over ten epochs, from nothing", _since_best, SIZES),
        Act("paired test of two runs, by patients", _paired, SIZES),
        Act("optimism of a best of ten epochs", _optimism, SIZES),
        Act("most confident errors for the report", _worst, SIZES),
        Act("leaks by image and by patient", _leak, SIZES),
        Act("`predict`'s CSV", _predict(CsvWriter), SIZES),
        Act("`predict --json`", _predict(lambda: JsonWriter(class_names(CLASSES))), SIZES),
    ),
)
