"""What is known of a network after an epoch, and whether it is the best so far."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.analysis.metrics import ClassMetrics, auc_referable, class_metrics, quadratic_kappa
from engine.datasets.index import Index
from engine.training.loop import EpochSums, Evaluation


@dataclass(frozen=True)
class Choice:
    """The best epoch so far by the spec's `select_on`."""

    epoch: int
    value: float
    accuracy: float
    balanced_accuracy: float | None
    kappa: float | None


@dataclass(frozen=True)
class Measured:
    """Everything known after an epoch."""

    epoch: int
    train: dict[str, float | None]
    """train_loss, train_acc, grad_norm, grad_norm_first: means over the epoch."""
    evaluation: Evaluation
    metrics: ClassMetrics
    kappa: float | None
    auc_referable: float | None
    images_per_s: float | None
    data_wait_share: float | None
    lr: float
    seconds: float


def measure(
    epoch: int, index: Index, rows: Sequence[int], evaluation: Evaluation, sums: EpochSums, lr: float
) -> Measured:
    """Put together an epoch's numbers; `rows` are the evaluated images' places in the index."""
    graded = index.ordered and len(index.class_names) > 2
    truth = [index.labels[row] for row in rows]
    return Measured(
        epoch=epoch,
        train=sums.means(),
        evaluation=evaluation,
        metrics=class_metrics(evaluation.confusion),
        kappa=quadratic_kappa(evaluation.confusion) if index.ordered else None,
        auc_referable=auc_referable(truth, evaluation.scores[:, 2:].sum(axis=1)) if graded else None,
        images_per_s=sums.images_per_s,
        data_wait_share=sums.data_wait_share,
        lr=lr,
        seconds=sums.seconds,
    )


def better(measured: Measured, best: Choice | None, *, select_on: str, epochs: int) -> Choice | None:
    """The best epoch after this one: ties stay with the earlier; epoch 0 counts only where there is no other."""
    value = _selected(measured, select_on)
    if value is None or (measured.epoch == 0 and epochs > 0) or (best is not None and value <= best.value):
        return best
    accuracy = measured.metrics.accuracy
    assert accuracy is not None
    return Choice(measured.epoch, value, accuracy, measured.metrics.balanced_accuracy, measured.kappa)


def _selected(measured: Measured, select_on: str) -> float | None:
    if select_on == "test_acc":
        return measured.metrics.accuracy
    if select_on == "test_balanced_acc":
        return measured.metrics.balanced_accuracy
    return measured.kappa


def epoch_line(measured: Measured, epochs: int) -> str:
    """An epoch as a line of the log."""
    train = measured.train
    parts = [f"epoch {measured.epoch}/{epochs}"]
    if train["train_loss"] is not None and train["train_acc"] is not None:
        parts.append(f"train loss {train['train_loss']:.4f} acc {train['train_acc']:.4f}")
    parts.append(f"test acc {measured.metrics.accuracy:.4f}")
    if measured.kappa is not None:
        parts.append(f"kappa {measured.kappa:.3f}")
    if measured.images_per_s is not None:
        parts.append(f"{measured.images_per_s:.0f} images/s")
    return "  ".join(parts)
