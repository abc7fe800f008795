"""Scores of a run that was never trained: files of its best and last epoch, as a session writes them."""

import contextlib

import numpy as np
from studies import GRADES, LABELS

from engine.files.epoch_predictions import append_predictions
from engine.files.paths import Home
from engine.metrics.evaluation import Evaluation
from engine.training.artifacts import write_predictions

VAL_LABELS = (74, 7, 16, 3, 2)


def write_scores(
    home: Home,
    run_id: int,
    *,
    best: int,
    last: int,
    skill: float = 1.5,
    has_val: bool = True,
    are_grades: bool = False,
) -> None:
    """Write test and val images of both epochs; the higher the `skill`, the better are the classes told apart."""
    paths = home.run(run_id)
    paths.folder.mkdir(parents=True, exist_ok=True)
    for epoch, is_last in sorted([(best, False), (last, True)]):
        random = np.random.default_rng([run_id, epoch])
        for counts, split in ((VAL_LABELS, "val"), (LABELS, "test")):
            if split == "val" and not has_val:
                continue
            found = evaluation(
                random, np.repeat(np.arange(len(counts)), counts), skill, are_grades=are_grades
            )
            names = [f"{split}/{number:03d}.png" for number in range(len(found.labels))]
            labels = [GRADES[label] for label in found.labels]
            write_predictions(
                paths, names, labels, found, GRADES, last=is_last,
                val_epoch=epoch if split == "val" else None, fence=contextlib.nullcontext,
            )  # fmt: skip
            if split == "test":
                append_predictions(
                    paths, epoch, found.predictions, found.scores, fence=contextlib.nullcontext
                )


def evaluation(
    random: np.random.Generator, labels: np.ndarray, skill: float, *, are_grades: bool = False
) -> Evaluation:
    """Random scores of five classes, softmax, or grades."""
    classes = len(GRADES)
    if are_grades:
        scores = (labels + random.normal(size=len(labels)) / skill)[:, None].astype(np.float32)
        predictions = scores[:, 0].round().clip(0, classes - 1).astype(np.uint16)
    else:
        logits = random.normal(size=(len(labels), classes)) + skill * np.eye(classes)[labels]
        scores = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(np.float32)
        predictions = scores.argmax(1).astype(np.uint16)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, predictions.astype(int)), 1)
    return Evaluation(confusion, predictions, labels, scores, None, 1.0, 0.0, ordered=True)
