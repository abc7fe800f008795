"""Each epoch's answers, image by image, as they are kept and read."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from engine.files.epoch_predictions import (
    NO_CLASS,
    NoPredictions,
    append_predictions,
    array_bytes,
    read_predictions,
    read_test_images,
)
from engine.files.paths import RunPaths

CLASSES = ("no DR", "=mild")
PREDICTIONS = """image,label,answer,score
a.png,no DR,no DR,0.9
./-b.png,'=mild,no DR,0.6
c.png,no DR,no DR,0.7
"""


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    (tmp_path / "predictions.csv").write_text(PREDICTIONS)
    return RunPaths(tmp_path)


def add(paths: RunPaths, epoch: int, answers: list[int], sure: list[float]) -> None:
    chosen = np.array(answers, dtype=np.uint16)
    scores = np.full((len(answers), len(CLASSES)), 0.01, np.float32)
    scores[np.arange(len(answers)), chosen] = sure
    append_predictions(paths, epoch, chosen, scores, fence=contextlib.nullcontext)


def test_a_cell_names_its_images_the_surest_first(paths: RunPaths) -> None:
    add(paths, 0, [0, 1, 0], [0.5, 0.5, 0.5])
    add(paths, 1, [0, 0, 0], [0.7, 0.6, 0.9])
    found = read_predictions(paths, CLASSES)
    assert found.names == ("a.png", "./-b.png", "c.png") and found.labels.tolist() == [0, 1, 0]
    assert found.cell(1, 0, 0) == [2, 0] and found.cell(1, 1, 0) == [1] and found.cell(0, 1, 1) == [1]
    assert found.cell(1, 1, 1) == found.cell(2, 0, 0) == found.cell(-1, 0, 0) == []
    assert found.scores[1] == pytest.approx([0.7, 0.6, 0.9], abs=1e-3)


def test_an_epoch_that_is_repeated_drops_the_later_ones(paths: RunPaths) -> None:
    for epoch in range(3):
        add(paths, epoch, [epoch % 2] * 3, [0.5] * 3)
    add(paths, 1, [0, 0, 1], [0.8] * 3)
    assert read_predictions(paths, CLASSES).answers.tolist() == [[0, 0, 0], [0, 0, 1]]


def test_grades_are_kept_as_they_are(paths: RunPaths) -> None:
    grades = np.array([[1.75], [0.25], [-0.5]], np.float32)
    append_predictions(paths, 0, np.array([1, 0, 0], np.uint16), grades, fence=contextlib.nullcontext)
    assert read_predictions(paths, CLASSES).scores.tolist() == [[1.75, 0.25, -0.5]]


def test_the_surest_of_grades_are_those_nearest_to_the_answer(paths: RunPaths) -> None:
    grades = np.array([[0.49], [0.1], [-0.7]], np.float32)
    append_predictions(paths, 0, np.array([0, 0, 0], np.uint16), grades, fence=contextlib.nullcontext)
    found = read_predictions(paths, CLASSES)
    assert found.cell(0, 0, 0, highest=1) == [2, 0]  # below the first class is as sure as can be
    grades = np.array([[2.49], [2.0], [1.51]], np.float32)
    append_predictions(paths, 0, np.array([2, 2, 2], np.uint16), grades, fence=contextlib.nullcontext)
    assert read_predictions(paths, CLASSES).cell(0, 0, 2, highest=4) == [0, 2]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00v\x00", b"no array"])
def test_a_damaged_file_ends_no_training(paths: RunPaths, content: bytes) -> None:
    paths.answers.write_bytes(content)
    paths.answer_scores.write_bytes(content)
    with pytest.raises(NoPredictions):
        read_predictions(paths, CLASSES)
    add(paths, 1, [0, 0, 0], [0.5] * 3)
    found = read_predictions(paths, CLASSES)
    assert found.is_known(1) and not found.is_known(0) and not found.is_known(2)


def test_what_was_lost_is_unknown_and_keeps_its_place(paths: RunPaths) -> None:
    add(paths, 0, [0, 0, 0], [0.5] * 3)
    paths.answer_scores.write_bytes(b"broken")
    add(paths, 1, [1, 1, 1], [0.5] * 3)
    assert np.isnan(read_predictions(paths, CLASSES).scores[0]).all()
    paths.answers.unlink()
    add(paths, 2, [1, 1, 1], [0.5] * 3)
    assert read_predictions(paths, CLASSES).answers[:, 0].tolist() == [NO_CLASS, NO_CLASS, 1]
    paths.answer_scores.unlink()  # as runs of older versions have it
    found = read_predictions(paths, CLASSES)
    assert np.isnan(found.scores).all() and found.cell(2, 0, 1) == [0, 2]


def test_files_that_cannot_be_shown_say_which(paths: RunPaths) -> None:
    with pytest.raises(NoPredictions, match=r"answers\.npy is missing or broken"):
        read_predictions(paths, CLASSES)
    paths.answers.write_bytes(array_bytes(np.zeros((2, 7), np.uint16)))
    with pytest.raises(NoPredictions, match="not of the same images"):
        read_predictions(paths, CLASSES)
    with pytest.raises(NoPredictions, match=r"cannot be read: a line .* names no class of the run \('"):
        read_predictions(paths, ("other", "classes"))
    paths.predictions().rename(paths.predictions(last=True))
    add(paths, 0, [0, 0, 0], [0.5] * 3)
    assert len(read_predictions(paths, CLASSES).names) == 3  # the last epoch's serve as well
    paths.predictions(last=True).unlink()
    with pytest.raises(NoPredictions, match="is missing: which images"):
        read_predictions(paths, CLASSES)


def test_predictions_that_do_not_give_the_measured_accuracy_are_told(paths: RunPaths) -> None:
    labels = read_test_images(paths, CLASSES)[1]
    wrong = (labels + 1) % len(CLASSES)
    add(paths, 0, [int(wrong[0]), *map(int, labels[1:])], [0.5] * 3)
    found = read_predictions(paths, CLASSES)
    assert found.problem(0, 2 / 3) == found.problem(0, None) == ""
    assert "damaged or of another run: 2 of 3 are correct" in found.problem(0, 1.0)
    assert found.problem(1, 2 / 3) == "the predictions of epoch 1 were not kept"
