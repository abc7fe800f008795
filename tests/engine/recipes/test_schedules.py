"""The learning rate of each step, by the schedules' formulas."""

import math

import pytest
import torch
from torch import nn

from engine.recipes.schedules import SCHEDULES, make_schedule
from engine.spec.grid import make_spec


def lrs(steps_per_epoch: int = 10, **values: object) -> list[float]:
    """The learning rate of each step."""
    spec = make_spec({"data": "d", "lr": 0.1, "epochs": 4, **values})
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=spec.lr)
    schedule, rates = make_schedule(optimizer, spec, steps_per_epoch), []
    for _ in range(spec.epochs * steps_per_epoch):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return rates


def test_schedules_by_their_formulas() -> None:
    assert lrs(schedule="constant") == [0.1] * 40
    assert lrs(schedule="cosine") == pytest.approx(
        [0.05 * (1 + math.cos(math.pi * step / 40)) for step in range(40)]
    )
    assert lrs(schedule="step") == pytest.approx([0.1] * 20 + [0.01] * 10 + [0.001] * 10)
    onecycle = lrs(schedule="onecycle")
    assert (onecycle[0], max(onecycle), onecycle[-1]) == pytest.approx((0.004, 0.1, 4e-7))
    assert onecycle.index(max(onecycle)) == 11


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine"])
def test_a_warm_up_rises_linearly_and_the_schedule_takes_the_rest(schedule: str) -> None:
    rates = lrs(schedule=schedule, warmup_epochs=0.5)
    assert rates[:5] == pytest.approx([0.1 * (0.01 + 0.99 * step / 5) for step in range(5)])
    assert rates[5:] == pytest.approx(lrs(schedule=schedule, steps_per_epoch=35, epochs=1))


def test_a_warm_up_is_as_long_in_a_longer_run() -> None:
    short = lrs(schedule="constant", warmup_epochs=0.95, epochs=1, steps_per_epoch=5)
    longer = lrs(schedule="constant", warmup_epochs=0.95, epochs=2, steps_per_epoch=5)
    assert longer[:5] == short and short[4] == pytest.approx(0.1)


def test_a_schedule_of_a_single_step() -> None:
    for schedule in SCHEDULES:
        assert len(lrs(schedule=schedule, epochs=1, steps_per_epoch=1)) == 1
