"""Learning-rate schedules: one entry each; they move after every step, and a linear warm-up goes before."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.recipes.entry import Entry, by_name

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

WARMUP_START = 0.01
"""The share of the learning rate that the first step of a warm-up takes, as in torchvision's reference recipe."""


class ScheduleSettings(Protocol):
    """Settings of a run that a schedule reads."""

    @property
    def schedule(self) -> str: ...
    @property
    def lr(self) -> float: ...
    @property
    def epochs(self) -> int: ...
    @property
    def warmup_epochs(self) -> float: ...


@dataclass(frozen=True, kw_only=True)
class ScheduleInfo(Entry):
    """Schedule: all that the program knows of it."""

    make: "Callable[[Optimizer, float, int], LRScheduler]"
    """From the optimiser, the learning rate, and the number of steps that the warm-up leaves."""
    is_extendable: bool = False
    """Whether the rates of the first steps are the same in a longer run."""


def make_schedule(optimizer: "Optimizer", settings: ScheduleSettings, steps_per_epoch: int) -> "LRScheduler":
    """Return the schedule over the steps that a linear warm-up leaves."""
    from torch.optim.lr_scheduler import LinearLR, SequentialLR

    make = SCHEDULES[settings.schedule].make
    total = max(settings.epochs * steps_per_epoch, 1)
    # Rounded down, so that it is the same whatever the length, and never takes all of it.
    warmup = math.floor(settings.warmup_epochs * steps_per_epoch) if settings.epochs else 0
    if not warmup:
        return make(optimizer, settings.lr, total)
    rise = LinearLR(optimizer, start_factor=WARMUP_START, total_iters=warmup)
    return SequentialLR(optimizer, [rise, make(optimizer, settings.lr, total - warmup)], [warmup])


def _constant(optimizer: "Optimizer", lr: float, steps: int) -> "LRScheduler":
    from torch.optim.lr_scheduler import ConstantLR

    return ConstantLR(optimizer, factor=1.0)


def _step(optimizer: "Optimizer", lr: float, steps: int) -> "LRScheduler":
    from torch.optim.lr_scheduler import MultiStepLR

    return MultiStepLR(optimizer, [max(1, steps // 2), max(1, 3 * steps // 4)], gamma=0.1)


def _cosine(optimizer: "Optimizer", lr: float, steps: int) -> "LRScheduler":
    from torch.optim.lr_scheduler import CosineAnnealingLR

    return CosineAnnealingLR(optimizer, T_max=steps)


def _onecycle(optimizer: "Optimizer", lr: float, steps: int) -> "LRScheduler":
    """torch's defaults: from lr/25 over 30 % of the steps, then down to lr/250,000; the momentum stays as it is."""
    from torch.optim.lr_scheduler import OneCycleLR

    return OneCycleLR(optimizer, max_lr=lr, total_steps=steps, cycle_momentum=False)


SCHEDULES = by_name(
    ScheduleInfo(
        name="constant",
        description="the learning rate as given",
        make=_constant,
        is_extendable=True,
    ),
    ScheduleInfo(
        name="step",
        description="divided by 10 at 1/2 and at 3/4 of the steps (He et al. 2015, section 4.2)",
        make=_step,
    ),
    ScheduleInfo(
        name="cosine",
        description="falls along a half cosine to 0 at the last step (Loshchilov and Hutter 2017)",
        make=_cosine,
    ),
    ScheduleInfo(
        name="onecycle",
        description="rises over 30 % of the steps, then falls to almost 0 (Smith and Topin 2018)",
        make=_onecycle,
        excludes={"warmup_epochs": "warms up by itself"},
    ),
)
