"""An epoch's sums: whenever they are fetched, and through a checkpoint, the same numbers."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.training.epoch_sums import EpochSums
from engine.training.step import Step

numbers = st.floats(0, 1e6, width=32)
norms = st.one_of(st.none(), st.just(math.inf), numbers)
steps = st.lists(st.tuples(numbers, st.integers(0, 32), st.integers(1, 32), norms, norms), max_size=12)


def made(loss: float, right: int, images: int, head: float | None, first: float | None) -> Step:
    tensors = [None if norm is None else torch.tensor(norm) for norm in (head, first)]
    return Step(torch.tensor(loss), torch.tensor(right), images, (tensors[0], tensors[1]))


@given(steps, st.integers(1, 12), st.integers(0, 12))
def test_sums_depend_on_no_moment_of_fetching_and_go_through_a_checkpoint(
    drawn: list[tuple[float, int, int, float | None, float | None]], every: int, saved_after: int
) -> None:
    at_once, often = EpochSums(), EpochSums()
    losses = []
    for number, values in enumerate(drawn):
        at_once.add(made(*values))
        often.add(made(*values))
        if number % every == 0:
            losses += often.fetch()
        if number == saved_after:
            losses += often.fetch()
            resumed = EpochSums()
            resumed.load(often.state())
            often = resumed
    assert at_once.fetch() == losses + often.fetch() == [loss for loss, *_ in drawn]
    assert at_once.means() == often.means()


def test_means_are_over_images_and_over_the_steps_that_have_a_finite_norm() -> None:
    sums = EpochSums()
    assert set(sums.means().values()) == {None} and sums.images_per_s is None
    for values in ((1.0, 3, 4, 2.0, None), (4.0, 1, 2, math.inf, None), (2.0, 0, 2, 4.0, None)):
        sums.add(made(*values))
    assert sums.fetch() == [1.0, 4.0, 2.0] and sums.fetch() == []
    assert sums.means() == {
        "train_loss": pytest.approx(16 / 8),
        "train_acc": pytest.approx(4 / 8),
        "grad_norm": pytest.approx(3.0),
        "grad_norm_first": None,
    }
    sums.seconds = 2.0
    assert sums.images_per_s == 4.0
