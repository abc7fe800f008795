"""Predictions of a run on each test image after each epoch; its session writes them, the image viewer reads them."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.files.array_rows import append_row
from engine.files.paths import Fence, RunPaths, write_atomic
from engine.text import csv_cell

EPOCH = "epoch"
"""Column of the val split's predictions: they and the test split's are moved to their places one after the other."""
NO_CLASS = 2**16 - 1
"""Placeholder for the predictions of an epoch whose row was lost."""


class NoPredictions(ValueError):
    """Error for predictions that cannot be shown, in one line with the reason."""


@dataclass(frozen=True)
class Answers:
    """Predictions of all test images, in the order of the run's test split; epochs are counted from 0."""

    names: tuple[str, ...]
    """Names of the images in the index."""
    labels: NDArray[np.int64]
    """True classes, one for each image."""
    answers: NDArray[np.uint16]
    """Predicted classes, epochs × images."""
    scores: NDArray[np.float16]
    """Probability of the predicted class, or the grade under an ordinal loss, epochs × images; NaN where unknown."""

    @property
    def epochs(self) -> range:
        return range(len(self.answers))

    def is_known(self, epoch: int) -> bool:
        """Return True where the predictions of an epoch were kept."""
        return epoch in self.epochs and bool((self.answers[epoch] != NO_CLASS).all())

    def problem(self, epoch: int, accuracy: float | None) -> str:
        """Return why the predictions of an epoch are not those that its test accuracy was measured from; empty where
        they are. Files of another run, or damaged ones, would show other numbers beside the measured ones."""
        if not self.is_known(epoch):
            return f"the predictions of epoch {epoch} were not kept"
        correct, images = int((self.answers[epoch] == self.labels).sum()), len(self.labels)
        if accuracy is None or abs(accuracy * images - correct) < 0.5:
            return ""
        return (
            f"the predictions kept of epoch {epoch} are damaged or of another run: {correct:,} of {images:,} are "
            f"correct, but the accuracy that was measured is {accuracy:.4f}"
        )

    def cell(self, epoch: int, label: int, answer: int, *, highest: int | None = None) -> list[int]:
        """Return the places of the images in one cell of an epoch's confusion matrix, the most confident first.

        An epoch that does not exist has none. Where scores are grades from 0 to `highest`, the most confident
        predictions are those whose grade is nearest to the predicted class, or beyond the last class."""
        if epoch not in self.epochs:
            return []
        places = np.flatnonzero((self.labels == label) & (self.answers[epoch] == answer))
        scores = self.scores[epoch, places].astype(np.float64)
        if highest is not None:
            scores = -np.abs(np.clip(scores, 0, highest) - answer)
        scores = np.nan_to_num(scores, nan=-np.inf)
        return [int(place) for place in places[np.argsort(-scores, kind="stable")]]


def append_predictions(
    paths: RunPaths, epoch: int, answers: NDArray[np.uint16], scores: NDArray[np.float32], *, fence: Fence
) -> None:
    """Write an epoch's row of answers.npy (uint16, epochs × images) and answer_scores.npy (float16, the same shape).

    Rows of later epochs are dropped. `scores` are probabilities, images × classes, or grades, images × 1."""
    for path, row, unknown in (
        (paths.answers, answers, NO_CLASS),
        (paths.answer_scores, _of_answers(scores, answers).astype(np.float16), np.nan),
    ):
        if append_row(path, epoch, row, fence=fence):
            continue
        kept = _load(path)
        rows = np.full((epoch + 1, len(row)), unknown, row.dtype)
        if kept is not None and kept.shape[1:] == row.shape:
            rows[: len(kept)] = kept[: epoch + 1]
        rows[epoch] = row
        write_atomic(path, array_bytes(rows), fence=fence)


def read_answers(paths: RunPaths) -> NDArray[np.uint16] | None:
    """Read the predicted classes, epochs × images; None where they are missing or broken."""
    found = _load(paths.answers)
    return found if found is not None and found.dtype == np.uint16 else None


def array_bytes(values: NDArray[Any]) -> bytes:
    """Return an array in the format of np.save."""
    content = io.BytesIO()
    np.save(content, values, allow_pickle=False)
    return content.getvalue()


def read_predictions(paths: RunPaths, class_names: Sequence[str]) -> Answers:
    """Read the predictions of all epochs.

    Raises NoPredictions where files are missing or broken, or are not of the same images."""
    names, labels = read_test_images(paths, class_names)
    answers, scores = _load(paths.answers), _load(paths.answer_scores)
    if answers is None:
        raise NoPredictions(
            f"{paths.answers} is missing or broken: the prediction for each image is not known"
        )
    if answers.shape[1:] != labels.shape:
        raise NoPredictions(f"{paths.answers} and {paths.predictions().name} are not of the same images")
    known = np.full(answers.shape, np.nan, np.float16)
    if scores is not None and scores.shape[1:] == labels.shape:  # older versions did not keep scores
        known[: len(scores)] = scores[: len(known)]
    return Answers(names, labels, answers, known)


def read_test_images(
    paths: RunPaths, class_names: Sequence[str]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Read the test images and their classes from the predictions of the best epoch, else of the last.

    Raises NoPredictions where the file is missing or broken."""
    number = {csv_cell(name): place for place, name in enumerate(class_names)}
    path = paths.predictions()
    try:
        path = path if path.exists() else paths.predictions(last=True)
        with path.open(newline="", encoding="utf-8", errors="surrogateescape") as opened:
            rows = [(row["image"], number[row["label"]]) for row in csv.DictReader(opened)]
    except FileNotFoundError:
        raise NoPredictions(
            f"{paths.predictions()} is missing: which images were answered is not known"
        ) from None
    except (OSError, csv.Error, KeyError, TypeError) as error:
        raise NoPredictions(f"{path} cannot be read: {_why(error)}") from None
    return tuple(name for name, _ in rows), np.array([label for _, label in rows], dtype=np.int64)


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"a line is cut short or names no class of the run ({error})"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


@dataclass(frozen=True)
class Scored:
    """Images of a split in one epoch, with everything that the network said of each."""

    labels: NDArray[np.int64]
    scores: NDArray[np.float32]
    """Probabilities, images × classes, or grades, images × 1."""
    predictions: NDArray[np.int64]
    """Predicted classes."""
    names: tuple[str, ...]
    """Names of the images in the index."""
    epoch: int | None = None
    """Epoch that the files say they are of; only those of the val split do."""


def read_scored(paths: RunPaths, class_names: Sequence[str], epoch: int, *, last: bool) -> Scored | None:
    """Read the test images of the best or of the last epoch, which is `epoch`; None where a file is missing or broken.

    None too where they are of another epoch, as those of a run that was killed before they were moved to their places:
    its predictions or their scores are not those that were kept of each epoch."""
    found = _read_split(paths, class_names, last=last, val=False)
    answers, of_answers = _load(paths.answers), _load(paths.answer_scores)
    if found is None or answers is None or epoch >= len(answers):
        return None
    if not np.array_equal(answers[epoch], found.predictions):
        return None
    if of_answers is not None and epoch < len(of_answers):
        said = _of_answers(found.scores, found.predictions).astype(np.float16)
        if not np.array_equal(of_answers[epoch], said, equal_nan=True):
            return None
    return found


def read_val_scored(paths: RunPaths, class_names: Sequence[str], *, last: bool) -> Scored | None:
    """Read the val images of the best or of the last epoch; None where there are none, or they are broken.

    Compare `epoch` with that of the test images: a session may have put a new best epoch's files in their places since
    those were read."""
    return _read_split(paths, class_names, last=last, val=True)


def _read_split(paths: RunPaths, class_names: Sequence[str], *, last: bool, val: bool) -> Scored | None:
    number = {csv_cell(name): place for place, name in enumerate(class_names)}
    scores = _load(paths.scores(last=last, val=val))
    try:
        with paths.predictions(last=last, val=val).open(newline="", errors="surrogateescape") as opened:
            rows = list(csv.DictReader(opened))
        pairs = [(number[row["label"]], number[row["answer"]]) for row in rows]
        names = tuple(row["image"] for row in rows)
    except (OSError, csv.Error, KeyError, TypeError):
        return None
    if scores is None or len(scores) != len(rows) or scores.shape[1] not in (1, len(class_names)):
        return None
    labels, predicted = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    if not val:
        return Scored(labels, scores, predicted, names)
    epochs = {row.get(EPOCH) or "" for row in rows}
    epoch = epochs.pop() if len(epochs) == 1 else ""
    # The session moves predictions before scores, and scores were read before predictions: never newer than these.
    if not epoch.isdecimal() or not _is_of(rows, _of_answers(scores, predicted)):
        return None
    return Scored(labels, scores, predicted, names, int(epoch))


def _is_of(rows: Sequence[Mapping[str, str]], scores: NDArray[Any]) -> bool:
    """Return True where the rows' scores, which have six decimals, are these."""
    try:
        said = np.array([float(row["score"]) for row in rows])
    except (KeyError, TypeError, ValueError):
        return False
    return bool(np.allclose(said, scores, rtol=0, atol=1e-6, equal_nan=True))


def _of_answers(scores: NDArray[Any], answers: NDArray[Any]) -> NDArray[Any]:
    """Return the score of each image's prediction."""
    return scores[np.arange(len(answers)), answers] if scores.shape[1] > 1 else scores[:, 0]


def _load(path: Path) -> NDArray[Any] | None:
    """Read an array of epochs × images; return None where the file is missing or unreadable."""
    try:
        with path.open("rb") as file:
            loaded: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError):  # MemoryError: a damaged length
        return None
    return loaded if loaded.ndim == 2 and loaded.dtype.kind in "uf" else None
