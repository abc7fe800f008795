"""The files of a run besides its checkpoints: weights, predictions, scores, answers of every epoch."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.paths import RunPaths, write_atomic
from engine.training.loop import Evaluation


def write_predictions(
    paths: RunPaths,
    names: list[str],
    labels: list[str],
    evaluation: Evaluation,
    classes: list[str],
    *,
    last: bool,
) -> None:
    """predictions.csv (image, label, answer, score of the answer, or the grade under an ordinal loss) and scores.npy
    (float32, images × classes, or images × 1)."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["image", "label", "answer", "score"])
    for name, label, answer, scores in zip(names, labels, evaluation.answers, evaluation.scores, strict=True):
        score = scores[answer] if len(scores) > 1 else scores[0]
        table.writerow([name, label, classes[answer], f"{score:.6f}"])
    write_atomic(paths.predictions(last=last), text.getvalue().encode(errors="surrogateescape"))
    write_atomic(paths.scores(last=last), _npy(evaluation.scores))


def write_bad_list(path: Path, bad: Mapping[str, str]) -> None:
    """Why each image that cannot be read is so, a line each; no file where all can."""
    if not bad:
        path.unlink(missing_ok=True)
        return
    write_atomic(path, "".join(f"{why}\n" for why in bad.values()).encode(errors="surrogateescape"))


def append_answers(paths: RunPaths, epoch: int, answers: NDArray[np.uint16]) -> None:
    """Add an epoch's row to answers.npy (uint16, epochs × images), dropping rows of later epochs."""
    kept = _read_answers(paths.answers)[:epoch]
    rows = answers[None] if not len(kept) else np.concatenate([kept, answers[None]])
    write_atomic(paths.answers, _npy(rows))


def _read_answers(path: Path) -> NDArray[np.uint16]:
    try:
        loaded: NDArray[np.uint16] = np.load(path, allow_pickle=False)
    except (FileNotFoundError, ValueError, EOFError):
        return np.empty((0, 0), dtype=np.uint16)
    return loaded


def _npy(values: NDArray[np.generic]) -> bytes:
    content = io.BytesIO()
    np.save(content, values, allow_pickle=False)
    return content.getvalue()
