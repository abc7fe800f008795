"""Objective of a step, against torch's own losses, and the reading of outputs."""

import pytest
import torch
from torch import nn

from engine.analysis.majority_class import majority_class_loss
from engine.recipes.losses import LOSSES
from engine.training.objective import Classification, Ordinal, make_objective


def test_weighted_and_smoothed_losses_are_each_images_own_by_its_weight() -> None:
    outputs, labels = torch.randn(9, 3), torch.tensor([0, 1, 2, 0, 0, 1, 2, 2, 1])
    weights = torch.tensor([0.5, 1.0, 3.0])
    plain = nn.CrossEntropyLoss(weights)(outputs, labels) * weights[labels].sum() / 9
    assert float(Classification(weights)(outputs, labels)) == pytest.approx(float(plain), rel=1e-6)
    target = 0.8 * torch.eye(3)[labels] + 0.2 / 3
    each = -(target * outputs.log_softmax(1)).sum(1)
    ours = Classification(weights, label_smoothing=0.2)(outputs, labels)
    assert float(ours) == pytest.approx(float((weights[labels] * each).mean()), rel=1e-6)
    prior = torch.tensor([0.7, 0.2, 0.1])
    adjusted = Classification(prior=prior.log())
    share = outputs.exp() * prior / (outputs.exp() * prior).sum(1, keepdim=True)
    assert float(adjusted(outputs, labels)) == pytest.approx(float(-share[range(9), labels].log().mean()))
    assert torch.equal(adjusted.predictions(outputs), outputs.argmax(1))


@pytest.mark.parametrize("loss", ["ce-sqrt", "ce-balanced", "class-balanced"])
def test_a_class_without_images_gets_no_more_than_its_smoothing(loss: str) -> None:
    """With torch's own weights it took over: a constant answer's best was that class alone."""
    counts = [2_000, 500, 300, 100, 0]
    labels = torch.arange(5).repeat_interleave(torch.tensor(counts))
    objective = Classification(torch.tensor(LOSSES[loss].class_weights(counts)), label_smoothing=0.1)
    logits = torch.zeros(5, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=100)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value: torch.Tensor = objective(logits.expand(len(labels), 5), labels)
        value.backward()
        return value

    optimizer.step(closure)
    least = majority_class_loss(loss, counts, label_smoothing=0.1)
    assert float(closure().detach()) == pytest.approx(least, abs=1e-3)
    assert float(logits.softmax(0)[4]) == pytest.approx(0.02, abs=2e-3)


def test_a_grade_is_rounded_and_clamped() -> None:
    grades = torch.tensor([[-3.0], [0.49], [0.51], [1.6], [3.49], [9.0]])
    assert Ordinal(5).predictions(grades).tolist() == [0, 0, 1, 2, 3, 4]
    assert Ordinal(5).scores(grades).shape == (6, 1) and Ordinal(5).nll(grades, torch.zeros(6)) is None


def test_an_entry_decides_what_is_made_of_it() -> None:
    counts = [6, 3, 1]
    outputs, labels = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    adjusted, weighted = (make_objective(loss, counts) for loss in ("logit-adjusted", "ce-balanced"))
    share = torch.tensor(counts) / 10
    assert float(adjusted(outputs, labels)) == pytest.approx(
        float(Classification(prior=share.log())(outputs, labels)), rel=1e-6
    )
    weights = torch.tensor([10 / 18, 10 / 9, 10 / 3])
    assert float(weighted(outputs, labels)) == pytest.approx(
        float(Classification(weights)(outputs, labels)), rel=1e-6
    )
    assert isinstance(make_objective("mse-ordinal", counts), Ordinal)
