"""What a run answered on each test image after each epoch: written by its session, read by whoever shows images."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.files.paths import Fence, RunPaths, write_atomic
from engine.text import csv_cell

NO_CLASS = 2**16 - 1
"""Stands for the answers of an epoch whose rows were lost."""


class NoAnswers(ValueError):
    """Answers that cannot be shown; one line that says why."""


@dataclass(frozen=True)
class Answers:
    """Of all test images, in the order of the run's test split; epochs from 0 on."""

    names: tuple[str, ...]
    """As the index names them."""
    labels: NDArray[np.int64]
    """Images: the true classes."""
    answers: NDArray[np.uint16]
    """Epochs × images."""
    scores: NDArray[np.float16]
    """Epochs × images: the probability of the answer, or the grade under an ordinal loss; NaN where it is not known."""

    @property
    def epochs(self) -> range:
        return range(len(self.answers))

    def is_known(self, epoch: int) -> bool:
        """Whether the answers of an epoch were kept."""
        return epoch in self.epochs and bool((self.answers[epoch] != NO_CLASS).all())

    def cell(self, epoch: int, label: int, answer: int, *, highest: int | None = None) -> list[int]:
        """The images of one cell of an epoch's confusion matrix, the surest answers first; an epoch that is not there
        has none. Where scores are grades, up to the class `highest`, the surest are those nearest to the answer, or
        beyond the last class."""
        if epoch not in self.epochs:
            return []
        places = np.flatnonzero((self.labels == label) & (self.answers[epoch] == answer))
        scores = self.scores[epoch, places].astype(np.float64)
        if highest is not None:
            scores = -np.abs(np.clip(scores, 0, highest) - answer)
        scores = np.nan_to_num(scores, nan=-np.inf)
        return [int(place) for place in places[np.argsort(-scores, kind="stable")]]


def append_answers(
    paths: RunPaths, epoch: int, answers: NDArray[np.uint16], scores: NDArray[np.float32], *, fence: Fence
) -> None:
    """Add an epoch's row to answers.npy (uint16, epochs × images) and to answer_scores.npy (float16, the same shape),
    dropping rows of later epochs. `scores` are images × classes, or images × 1: grades."""
    of_answers = scores[np.arange(len(answers)), answers] if scores.shape[1] > 1 else scores[:, 0]
    for path, row, unknown in (
        (paths.answers, answers, NO_CLASS),
        (paths.answer_scores, of_answers.astype(np.float16), np.nan),
    ):
        kept = _load(path)
        rows = np.full((epoch + 1, len(row)), unknown, row.dtype)
        if kept is not None and kept.shape[1:] == row.shape:
            rows[: len(kept)] = kept[: epoch + 1]
        rows[epoch] = row
        write_atomic(path, array_bytes(rows), fence=fence)


def array_bytes(values: NDArray[Any]) -> bytes:
    """What np.save writes."""
    content = io.BytesIO()
    np.save(content, values, allow_pickle=False)
    return content.getvalue()


def read_answers(paths: RunPaths, class_names: Sequence[str]) -> Answers:
    """Raises NoAnswers where files are missing, broken, or do not belong together."""
    names, labels = _named(paths, class_names)
    answers, scores = _load(paths.answers), _load(paths.answer_scores)
    if answers is None:
        raise NoAnswers(f"{paths.answers} is missing or broken: what each image was answered is not known")
    if answers.shape[1:] != labels.shape:
        raise NoAnswers(f"{paths.answers} and {paths.predictions().name} are not of the same images")
    known = np.full(answers.shape, np.nan, np.float16)
    if scores is not None and scores.shape[1:] == labels.shape:  # not kept by runs of older versions
        known[: len(scores)] = scores[: len(known)]
    return Answers(names, labels, answers, known)


def _named(paths: RunPaths, class_names: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The test images and their classes, from the predictions of the best epoch or of the last."""
    number = {csv_cell(name): place for place, name in enumerate(class_names)}
    path = paths.predictions()
    try:
        path = path if path.exists() else paths.predictions(last=True)
        with path.open(newline="", errors="surrogateescape") as opened:
            rows = [(row["image"], number[row["label"]]) for row in csv.DictReader(opened)]
    except FileNotFoundError:
        raise NoAnswers(
            f"{paths.predictions()} is missing: which images were answered is not known"
        ) from None
    except (OSError, csv.Error, KeyError, TypeError) as error:
        raise NoAnswers(f"{path} cannot be read: {error}") from None
    return tuple(name for name, _ in rows), np.array([label for _, label in rows], dtype=np.int64)


def _load(path: Path) -> NDArray[Any] | None:
    """Rows of images; None where there is no file that can be read."""
    try:
        with path.open("rb") as file:
            loaded: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError):  # a damaged length asks for any memory
        return None
    return loaded if loaded.ndim == 2 and loaded.dtype.kind in "uf" else None
