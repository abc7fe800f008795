"""An epoch's numbers put together: sums over images, splits, groups, and what chooses the best epoch."""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from torch import nn

from engine.datasets.batches import Batch
from engine.datasets.formats.labels.grades import Order
from engine.datasets.groups import Groups
from engine.datasets.index import Index
from engine.datasets.indexing import make_index
from engine.datasets.read_options import ReadOptions
from engine.metrics.evaluation import Evaluation
from engine.store.claims import Claim
from engine.store.epoch_values import row_of
from engine.training.epoch_sums import EpochSums
from engine.training.loop import evaluate
from engine.training.measure import EpochResult, better, epoch_line, measure, with_train_images
from engine.training.objective import Classification
from engine.training.step import Step

CPU = torch.device("cpu")
HELD = Claim(run_id=1, attempt=1)


class TinyNet(nn.Module):
    """Two parameters with the names that training looks at."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Linear(4, 4)
        self.fc = nn.Linear(4, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.fc(self.conv1(images))
        return logits


def batches(images: torch.Tensor, labels: torch.Tensor, size: int) -> list[Batch]:
    starts = range(0, len(images), size)
    return [
        Batch(np.arange(start, start + size), images[start : start + size], labels[start : start + size])
        for start in starts
    ]


def index_of(grades: Sequence[int], *, ordered: bool = True, groups: list[str] | None = None) -> Index:
    """Half of the images are train, half test, in turn; five classes."""
    return make_index(
        kind="drawn",
        root=None,
        names=[f"drawn#{number}" for number in range(len(grades))],
        labels=list(grades),
        splits=["train", "test"] * (len(grades) // 2),
        groups=Groups(tuple(groups), "drawn") if groups else None,
        class_names=tuple("01234"),
        order=Order(ordered),
        options=ReadOptions(),
    )[0]


def evaluation_of(truth: Sequence[int], scores: np.ndarray) -> Evaluation:
    answers = scores.argmax(1) if scores.shape[1] > 1 else scores.round().clip(0, 4)[:, 0].astype(int)
    confusion = np.zeros((5, 5), dtype=np.int64)
    np.add.at(confusion, (np.asarray(truth), answers), 1)
    return Evaluation(
        confusion,
        answers.astype(np.uint16),
        np.asarray(truth),
        scores.astype(np.float32),
        nll=0.7,
        max_logit=3.0,
        nonfinite_share=0.0,
        loss=0.9,
        ordered=True,
    )


@pytest.fixture
def drawn() -> tuple[Index, list[int], Evaluation]:
    """200 test images of five grades, scored at random."""
    draw = np.random.default_rng(0)
    index = index_of(draw.integers(0, 5, 400).tolist(), groups=[f"p{number // 4}" for number in range(400)])
    rows = index.rows_of("test")
    scores = draw.dirichlet(np.ones(5), len(rows)).astype(np.float32)
    return index, rows, evaluation_of([index.labels[row] for row in rows], scores)


def measured_of(evaluation: Evaluation, *, val: Evaluation | None = None) -> EpochResult:
    return measure(1, evaluation, EpochSums(), 0.01, val=val)


@pytest.mark.parametrize("size", [1, 43, 128, 129])
def test_metrics_are_sums_over_images_whatever_the_last_batch_holds(size: int) -> None:
    """129 images at 128: a mean of batch means would weigh the last image like the 128 before it."""
    torch.manual_seed(0)
    images, labels = torch.randn(129, 4), torch.randint(0, 5, (129,))
    net, loss_of = TinyNet(5), Classification(label_smoothing=0.1)
    logits = net(images).detach()
    found = evaluate(
        net,
        batches(images, labels, size),
        head="fc",
        classes=5,
        autocast=contextlib.nullcontext,
        loss_of=loss_of,
    )
    answers = logits.argmax(1)
    assert found.confusion.tolist() == sk.confusion_matrix(labels, answers, labels=range(5)).tolist()
    assert found.nll == pytest.approx(sk.log_loss(labels, logits.double().softmax(1)), abs=1e-6)
    assert found.loss == pytest.approx(float(loss_of(logits, labels)), abs=1e-6)
    assert found.nll != found.loss

    sums = EpochSums()
    for batch in batches(images, labels, size):
        net.zero_grad()
        loss = loss_of(net(batch.images), batch.labels)
        right = (net(batch.images).argmax(1) == batch.labels).sum()
        sums.add(Step(loss.detach(), right, len(batch.labels), (None, None)))
    sums.fetch()
    assert sums.means()["train_acc"] == pytest.approx(float((answers == labels).double().mean()), abs=1e-12)
    assert sums.means()["train_loss"] == pytest.approx(float(loss_of(logits, labels)), abs=1e-6)


def test_all_numbers_of_an_epoch_reach_its_row(drawn: tuple[Index, list[int], Evaluation]) -> None:
    index, rows, evaluation = drawn
    truth = np.array([index.labels[row] for row in rows])
    seen = np.arange(len(rows)) % 4 == 0
    val = replace(evaluation, nll=math.inf)
    row = row_of(HELD, measured_of(replace(evaluation, seen_groups=seen), val=val))
    answers = evaluation.predictions.astype(int)
    right = answers == truth
    precision, recall, f1, _ = sk.precision_recall_fscore_support(truth, answers, labels=range(5))
    assert row.precision == pytest.approx(precision) and row.recall == pytest.approx(recall)
    assert row.f1 == pytest.approx(f1) and row.macro_f1 == pytest.approx(f1.mean())
    assert row.kappa == pytest.approx(sk.cohen_kappa_score(truth, answers, weights="quadratic"))
    score = evaluation.scores[:, 2:].sum(axis=1, dtype=float)
    assert row.auc_referable == pytest.approx(sk.roc_auc_score(truth >= 2, score), abs=1e-9)
    assert row.sensitivity_referable == pytest.approx(sk.recall_score(truth >= 2, answers >= 2))
    assert row.specificity_referable == pytest.approx(sk.recall_score(truth < 2, answers < 2))
    assert row.sensitivity_referable_at_98 is not None and row.sensitivity_referable_at_93 is not None
    assert row.sensitivity_referable_at_98 <= row.sensitivity_referable_at_93
    assert row.ece is not None and 0 < row.ece < 1
    assert (row.test_loss, row.test_nll) == (0.9, 0.7)
    assert (row.images_seen_group, row.images_unseen_group) == (50, 150)
    assert row.test_acc_seen_group == right[seen].mean()
    assert row.test_acc_unseen_group == pytest.approx(right[~seen].mean())
    assert (row.val_acc, row.val_kappa, row.val_nll) == (row.test_acc, row.kappa, None)
    assert row.eval_train_acc is None


def test_what_does_not_apply_is_null(drawn: tuple[Index, list[int], Evaluation]) -> None:
    index, rows, evaluation = drawn
    row = row_of(HELD, measured_of(replace(evaluation, ordered=False)))
    for name in ("kappa", "auc_referable", "sensitivity_referable", "sensitivity_referable_at_93",
                 "images_seen_group", "test_acc_seen_group", "val_acc", "eval_train_acc"):  # fmt: skip
        assert getattr(row, name) is None, name
    assert row.ece is not None
    lost = np.full_like(evaluation.scores, math.nan)
    broken = measured_of(replace(evaluation, scores=lost, nll=math.nan, loss=math.nan))
    row = row_of(HELD, broken)
    assert row.auc_referable is row.ece is row.test_nll is row.test_loss is None
    assert row.sensitivity_referable is not None  # from counts


def test_a_network_that_gives_a_grade_is_ranked_by_it_and_has_no_calibration(
    drawn: tuple[Index, list[int], Evaluation],
) -> None:
    index, rows, _ = drawn
    truth = np.array([index.labels[row] for row in rows])
    grades = truth[:, None] + np.random.default_rng(1).normal(0, 0.8, (len(rows), 1))
    row = row_of(HELD, measured_of(evaluation_of(truth.tolist(), grades)))
    expected = sk.roc_auc_score(truth >= 2, grades[:, 0].astype(np.float32))
    assert row.auc_referable == pytest.approx(expected, abs=1e-9)
    assert row.ece is None and row.kappa is not None


@pytest.mark.parametrize(
    ("select_on", "epoch"),
    [("test_acc", 2), ("test_balanced_acc", 2), ("val_acc", 1), ("val_balanced_acc", 1), ("val_kappa", 1)],
)
def test_the_chosen_epoch_carries_its_test_numbers(
    drawn: tuple[Index, list[int], Evaluation], select_on: str, epoch: int
) -> None:
    index, rows, poor = drawn
    truth = [index.labels[row] for row in rows]
    good = evaluation_of(truth, np.eye(5)[truth])
    first = measured_of(poor, val=good)
    second = replace(measured_of(good, val=poor), epoch=2)
    best = better(first, None, select_on=select_on, epochs=2)
    best = better(second, best, select_on=select_on, epochs=2)
    assert best is not None and best.epoch == epoch and best.value == 1
    assert best.accuracy == (second if epoch == 2 else first).number("test_acc")
    assert best.kappa == (second if epoch == 2 else first).number("kappa")


def test_the_log_says_how_each_number_was_measured(drawn: tuple[Index, list[int], Evaluation]) -> None:
    _, _, evaluation = drawn
    measured = measured_of(evaluation, val=evaluation)
    trained = {"train_loss": 0.5, "train_acc": 0.75}
    measured = replace(measured, values={**measured.values, **trained})
    measured = with_train_images(measured, replace(evaluation, ordered=False))
    accuracy, kappa = f"acc {measured.number('test_acc'):.4f}", f"kappa {measured.number('kappa'):.3f}"
    assert epoch_line(measured, 300).startswith(f"epoch   1/300  test {accuracy}")
    assert epoch_line(measured, 9) == (
        f"epoch 1/9  test {accuracy} {kappa}  val {accuracy} {kappa}  train images afterwards {accuracy}  "
        "train (avg.) loss 0.5000 acc 0.7500"
    )
