"""The focal loss: its formula, its gradient, its lowest value over constant outputs, and a run that trains with it."""

import math
from pathlib import Path

import pytest
import torch
from sessions import Memory
from small import small_home, small_session, small_spec
from torch.nn import functional

from engine.analysis.majority_class import majority_class_loss
from engine.recipes.losses import focal, least_focal
from engine.spec.grid import SpecError


def test_its_formula_on_both_sides_of_certainty() -> None:
    """γ 2: −(1 − p)² ln p, against double precision, where p is almost 0 and almost 1."""
    logits = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 9.0], [12.0, 0.0], [-60.0, 0.0]])
    labels = torch.tensor([0, 0, 0, 0, 0])
    p = logits.double().softmax(1)[:, 0]
    for row, each in enumerate(p.tolist()):
        one = focal(logits[row : row + 1], labels[:1], None, 0.0)
        assert float(one) == pytest.approx(-((1 - each) ** 2) * math.log(each), rel=1e-4)
    assert float(focal(logits, labels, None, 0.0)) == pytest.approx(
        float((-((1 - p) ** 2) * p.log()).mean()), rel=1e-5
    )


def test_class_weights_multiply_each_image() -> None:
    logits, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    weights = torch.tensor([1.0, 0.0, 2.0])
    each = [float(focal(logits[i : i + 1], labels[i : i + 1], None, 0.0)) for i in range(6)]
    expected = sum(loss * float(weights[label]) for loss, label in zip(each, labels, strict=True)) / 6
    assert float(focal(logits, labels, weights, 0.0)) == pytest.approx(expected, rel=1e-5)


def test_its_gradient_is_finite_and_smaller_for_images_predicted_well() -> None:
    logits = torch.tensor([[60.0, 0.0], [3.0, 0.0], [0.0, 0.0], [-60.0, 0.0]], requires_grad=True)
    labels = torch.zeros(4, dtype=torch.int64)
    focal(logits, labels, None, 0.0).backward()
    assert logits.grad is not None and logits.grad.isfinite().all()
    sizes = logits.grad[:, 0].abs()
    plain = logits.detach().clone().requires_grad_()
    functional.cross_entropy(plain, labels).backward()
    assert plain.grad is not None
    ratio = sizes / plain.grad[:, 0].abs().clamp_min(1e-30)
    assert ratio[1] < 0.05 and ratio[2] > 0.4 and ratio[3] == pytest.approx(1, abs=0.02)


def test_its_lowest_constant_loss_is_known_where_it_can_be_worked_out() -> None:
    assert least_focal([1.0, 0.0]) == 0
    for classes in (2, 5, 40):
        p = 1 / classes
        assert least_focal([p] * classes) == pytest.approx(-((1 - p) ** 2) * math.log(p), rel=1e-9)


def test_no_probabilities_on_a_grid_have_a_smaller_loss() -> None:
    shares, least = (0.7, 0.25, 0.05), math.inf
    steps = 200
    for i in range(1, steps):
        for j in range(1, steps - i):
            chosen = (i / steps, j / steps, (steps - i - j) / steps)
            least = min(
                least, sum(-m * (1 - p) ** 2 * math.log(p) for m, p in zip(shares, chosen, strict=True))
            )
    found = least_focal(shares)
    assert found <= least and found == pytest.approx(least, abs=1e-4)
    counts = [20_656, 1_955, 4_210, 698, 581]
    assert 0 < (majority_class_loss("focal", counts) or 0) < (majority_class_loss("ce", counts) or 0)


def test_it_is_not_defined_for_smoothed_labels() -> None:
    with pytest.raises(
        SpecError, match="loss focal is defined for labels that are not smoothed: choose label_sm"
    ):
        small_spec(loss="focal", label_smoothing=0.1)


def test_a_run_learns_with_it_and_is_measured_as_with_cross_entropy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, memory = small_home(tmp_path, monkeypatch), Memory()
    assert small_session(home, 1, small_spec(loss="focal", epochs=8)).train(memory, lambda: False)
    first, last = memory.measured[1], memory.measured[-1]
    assert (last.number("train_loss") or 1) < (first.number("train_loss") or 0)
    assert last.evaluation.scores.shape == (5, 3) and last.evaluation.scores.sum(1) == pytest.approx(1)
    assert last.evaluation.nll is not None and last.evaluation.loss is not None
    assert last.evaluation.loss < last.evaluation.nll and last.number("ece") is not None
