"""Halves that one judgement computes of an epoch serve the next one; both say the same as a judgement from nothing."""

from collections import Counter

import numpy as np
import pytest

from engine.analysis.evidence import EpochEvidence
from engine.analysis.findings.case import Predictions, make_case
from engine.analysis.findings.half_choices import HalfChoices
from engine.analysis.findings.paired_epochs import EpochLoss, loss_since_best
from engine.spec.grid import make_spec

EPOCHS, IMAGES, CLASSES = 12, 60, 4


class Counted(Predictions):
    """Counts how often each epoch's predictions are read."""

    read: Counter[int] = Counter()

    def predicted(self, epoch: int) -> "np.ndarray[tuple[int], np.dtype[np.uint16]] | None":
        self.read[epoch] += 1
        return super().predicted(epoch)


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Predictions whose highest class comes late, labels, and groups of two."""
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, CLASSES, IMAGES)
    wrong = chance.random((EPOCHS + 1, IMAGES)) < 0.4
    answers = np.where(wrong, chance.integers(0, CLASSES, (EPOCHS + 1, IMAGES)), labels)
    answers[EPOCHS // 2, 0] = CLASSES
    return answers.astype(np.uint16), labels, tuple(f"p{image // 2}" for image in range(IMAGES))


def loss_at(known: Predictions, epoch: int, select_on: str) -> EpochLoss | None:
    history = [
        EpochEvidence(each, 1.0, 0.5, 0.5, 0.5, None, answers=(), labels=()) for each in range(1, epoch + 1)
    ]
    case = make_case(
        history, make_spec({"data": "digits", "select_on": select_on}), predictions=known, best_epoch=1
    )
    assert case is not None
    return loss_since_best(case)


@pytest.mark.parametrize(
    "select_on", ["test_acc", "test_balanced_acc", "test_kappa", "test_cohen_kappa", "test_mcc"]
)
@pytest.mark.parametrize("grouped", [False, True])
def test_judgements_of_a_run_read_each_epoch_once_and_say_the_same(select_on: str, *, grouped: bool) -> None:
    answers, labels, groups = drawn(1)
    choices, several = HalfChoices(), groups if grouped else None
    Counted.read = Counter()
    for epoch in range(1, EPOCHS + 1):
        upto = answers[: epoch + 1]
        kept = loss_at(Counted(upto, labels, several, choices), epoch, select_on)
        assert kept is not None and kept == loss_at(Predictions(upto, labels, several), epoch, select_on)
    # A class beyond all before, here in the middle of the run, makes the matrices of earlier epochs larger: once more.
    assert all(Counted.read[epoch] <= 1 + (epoch < EPOCHS // 2) for epoch in range(1, EPOCHS + 1))


def test_an_epoch_whose_predictions_were_lost_ends_the_comparison() -> None:
    answers, labels, _ = drawn(2)
    answers[3] = 2**16 - 1
    choices = HalfChoices()
    assert loss_at(Predictions(answers, labels, None, choices), 2, "test_acc") is not None
    assert loss_at(Predictions(answers, labels, None, choices), 5, "test_acc") is None
