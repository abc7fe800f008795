"""Class weights and the majority-class loss, against the training losses minimised over constant outputs."""

import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.analysis.majority_class import majority_class_loss
from engine.recipes.loss_info import log_prior
from engine.recipes.losses import LOSSES
from engine.training.objective import make_objective

LAB_TRAIN = (20_656, 1_955, 4_210, 698, 581)
COUNTS = st.lists(st.integers(0, 12), min_size=2, max_size=5).filter(any)


def least_over_constants(loss: str, counts: list[int], smoothing: float, sampler: str) -> float:
    """The objective's own mean over the images, minimised over one output vector by L-BFGS."""
    objective = make_objective(loss, counts, smoothing)
    if sampler == "balanced":  # as often as each other, in as many images as divide evenly
        counts = [60 * (count > 0) for count in counts]
    labels = torch.tensor([label for label, count in enumerate(counts) for _ in range(count)])
    answer = torch.zeros(LOSSES[loss].output_count(len(counts)), requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [answer], lr=1, max_iter=60, line_search_fn="strong_wolfe", tolerance_change=0
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value: torch.Tensor = objective(answer.expand(len(labels), -1), labels)
        value.backward()
        return value

    optimizer.step(closure)  # type: ignore[arg-type]
    return closure().item()


@settings(max_examples=25, deadline=None)
@given(
    loss=st.sampled_from(sorted(LOSSES)),
    counts=COUNTS,
    smoothing=st.sampled_from([0.0, 0.1]),
    sampler=st.sampled_from(["shuffle", "balanced"]),
)
@example(loss="ce-balanced", counts=[7, 0, 3], smoothing=0.1, sampler="shuffle")
def test_no_constant_outputs_have_a_smaller_loss(
    loss: str, counts: list[int], smoothing: float, sampler: str
) -> None:
    smoothing = 0.0 if "label_smoothing" in LOSSES[loss].excludes else smoothing
    found = majority_class_loss(loss, counts, label_smoothing=smoothing, sampler=sampler)
    assert found == pytest.approx(least_over_constants(loss, counts, smoothing, sampler), abs=2e-3)


def test_on_the_labs_labels() -> None:
    """The prior's entropy .868, ln 5 under balanced weights, the variance around the mean grade .526."""
    assert majority_class_loss("ce", LAB_TRAIN) == pytest.approx(0.868, abs=5e-4)
    assert majority_class_loss("ce-balanced", LAB_TRAIN) == pytest.approx(math.log(5))
    grades = torch.repeat_interleave(torch.arange(5), torch.tensor(LAB_TRAIN)).double()
    assert float(grades.mean()) == pytest.approx(0.526, abs=5e-4)
    assert majority_class_loss("mse-ordinal", LAB_TRAIN) == pytest.approx(float(grades.var(correction=0)))
    assert majority_class_loss("ce", [0, 0]) is None


def test_weights_by_their_formulas() -> None:
    counts, total = [6, 3, 1], 10
    assert LOSSES["ce-balanced"].class_weights(counts) == pytest.approx(
        [total / (3 * count) for count in counts]
    )
    sqrt = LOSSES["ce-sqrt"].class_weights(counts)
    assert sqrt[2] / sqrt[0] == pytest.approx(math.sqrt(6))
    cui = LOSSES["class-balanced"].class_weights([2000, 20])
    assert cui[1] / cui[0] == pytest.approx((1 - 0.999**2000) / (1 - 0.999**20))


@given(loss=st.sampled_from(sorted(LOSSES)), counts=COUNTS)
def test_weights_keep_the_scale_of_the_loss_and_are_finite_for_empty_classes(
    loss: str, counts: list[int]
) -> None:
    weights = LOSSES[loss].class_weights(counts)
    assert all(0 < weight < math.inf for weight in weights)
    mean = sum(weight * count for weight, count in zip(weights, counts, strict=True)) / sum(counts)
    assert mean == pytest.approx(1)
    assert math.fsum(map(math.exp, log_prior(counts))) == pytest.approx(1)
