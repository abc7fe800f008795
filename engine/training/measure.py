"""What is known of a network after an epoch, and whether it is the best so far."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.calibration import calibration_error
from engine.analysis.group_accuracy import GroupAccuracy, accuracy_by_group
from engine.analysis.metrics import ClassMetrics, accuracy, balanced_accuracy, class_metrics, quadratic_kappa
from engine.analysis.ranking import Referable, referable_metrics
from engine.datasets.index import Index
from engine.training.epoch_sums import EpochSums
from engine.training.loop import Evaluation


@dataclass(frozen=True)
class Choice:
    """The best epoch so far by the spec's `select_on`."""

    epoch: int
    value: float
    accuracy: float
    balanced_accuracy: float | None
    kappa: float | None


@dataclass(frozen=True)
class SplitScores:
    """What is kept of a split besides test."""

    accuracy: float | None
    balanced_accuracy: float | None
    kappa: float | None
    nll: float | None


@dataclass(frozen=True)
class Measured:
    """Everything known after an epoch; what is not said otherwise is of the test split."""

    epoch: int
    train: dict[str, float | None]
    """train_loss, train_acc, grad_norm, grad_norm_first: means over the epoch, while the network learnt."""
    evaluation: Evaluation
    metrics: ClassMetrics
    kappa: float | None
    referable: Referable | None
    """None unless the classes are ordered grades, three or more."""
    ece: float | None
    by_group: GroupAccuracy | None
    """None where images have no groups."""
    val: SplitScores | None
    images_per_s: float | None
    data_wait_share: float | None
    lr: float
    seconds: float
    trained: SplitScores | None = None
    """Of the train images, in evaluation mode and not augmented: after the last epoch, where the spec asks."""


def measure(
    epoch: int,
    index: Index,
    rows: Sequence[int],
    evaluation: Evaluation,
    sums: EpochSums,
    lr: float,
    *,
    seen_groups: NDArray[np.bool_] | None = None,
    val: Evaluation | None = None,
) -> Measured:
    """Put together an epoch's numbers; `rows` are the evaluated test images' places in the index."""
    graded = index.ordered and len(index.class_names) > 2
    truth = np.asarray(index.labels)[rows]
    right = evaluation.answers == truth
    return Measured(
        epoch=epoch,
        train=sums.means(),
        evaluation=evaluation,
        metrics=class_metrics(evaluation.confusion),
        kappa=quadratic_kappa(evaluation.confusion) if index.ordered else None,
        referable=referable_metrics(evaluation.confusion, truth, evaluation.scores) if graded else None,
        ece=_calibration(right, evaluation),
        by_group=None if seen_groups is None else accuracy_by_group(right, seen_groups),
        val=None if val is None else split_scores(val, ordered=index.ordered),
        images_per_s=sums.images_per_s,
        data_wait_share=sums.data_wait_share,
        lr=lr,
        seconds=sums.seconds,
    )


def split_scores(evaluation: Evaluation, *, ordered: bool) -> SplitScores:
    """The few numbers kept of a split besides test."""
    counts = evaluation.confusion
    return SplitScores(
        accuracy=accuracy(counts),
        balanced_accuracy=balanced_accuracy(counts),
        kappa=quadratic_kappa(counts) if ordered else None,
        nll=evaluation.nll,
    )


def _calibration(right: NDArray[np.bool_], evaluation: Evaluation) -> float | None:
    """None where the network gives a grade instead of probabilities."""
    if evaluation.scores.shape[1] == 1:
        return None
    confidences = evaluation.scores[np.arange(len(right)), evaluation.answers]
    return calibration_error(right, confidences)


def better(measured: Measured, best: Choice | None, *, select_on: str, epochs: int) -> Choice | None:
    """The best epoch after this one: ties stay with the earlier; epoch 0 counts only where there is no other."""
    value = _selected(measured, select_on)
    if value is None or (measured.epoch == 0 and epochs > 0) or (best is not None and value <= best.value):
        return best
    accuracy = measured.metrics.accuracy
    assert accuracy is not None
    return Choice(measured.epoch, value, accuracy, measured.metrics.balanced_accuracy, measured.kappa)


def _selected(measured: Measured, select_on: str) -> float | None:
    values = {
        "test_acc": measured.metrics.accuracy,
        "test_balanced_acc": measured.metrics.balanced_accuracy,
        "test_kappa": measured.kappa,
    }
    if measured.val is not None:
        values |= {
            "val_acc": measured.val.accuracy,
            "val_balanced_acc": measured.val.balanced_accuracy,
            "val_kappa": measured.val.kappa,
        }
    return values[select_on]


def epoch_line(measured: Measured, epochs: int) -> str:
    """An epoch as a line of the log."""
    train, val, trained = measured.train, measured.val, measured.trained
    parts = [f"epoch {measured.epoch}/{epochs}"]
    if train["train_loss"] is not None and train["train_acc"] is not None:
        parts.append(f"while training: loss {train['train_loss']:.4f} acc {train['train_acc']:.4f}")
    if val is not None:
        parts.append(f"val: {_scored(val.accuracy, val.kappa)}")
    parts.append(f"test: {_scored(measured.metrics.accuracy, measured.kappa)}")
    if trained is not None:
        parts.append(f"train images afterwards: {_scored(trained.accuracy, trained.kappa)}")
    if measured.images_per_s is not None:
        parts.append(f"{measured.images_per_s:.0f} images/s")
    return "  ".join(parts)


def early_line(epoch: int, best: Choice | None, select_on: str) -> str:
    """A run that patience ended, as a line of the log."""
    since = "defined" if best is None else f"better since epoch {best.epoch}"
    return f"stopped early after epoch {epoch}: no {select_on} {since}"


def _scored(accuracy: float | None, kappa: float | None) -> str:
    parts = [] if accuracy is None else [f"acc {accuracy:.4f}"]
    return " ".join(parts if kappa is None else [*parts, f"kappa {kappa:.3f}"])
