"""Learning-rate schedules, stepped after every training step, from torch's schedulers."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    SequentialLR,
)

from engine.spec.run_spec import RunSpec

WARMUP_START = 0.01
"""Share of the learning rate in the first step of a warm-up, as in torchvision's reference recipe."""


def make_schedule(optimizer: Optimizer, spec: RunSpec, steps_per_epoch: int) -> LRScheduler:
    """Make the spec's schedule: a linear warm-up, then the schedule over the steps that are left."""
    total = max(spec.epochs * steps_per_epoch, 1)
    # Rounded down, so that it does not depend on the run's length and never takes all of it.
    warmup = math.floor(spec.warmup_epochs * steps_per_epoch) if spec.epochs else 0
    if not warmup:
        return _after_warmup(optimizer, spec, total)
    rise = LinearLR(optimizer, start_factor=WARMUP_START, total_iters=warmup)
    return SequentialLR(optimizer, [rise, _after_warmup(optimizer, spec, total - warmup)], [warmup])


def _after_warmup(optimizer: Optimizer, spec: RunSpec, steps: int) -> LRScheduler:
    """Make the schedule after the warm-up.

    `cosine` falls to 0 at the last step (Loshchilov and Hutter 2017, without restarts). `step` divides by 10 at a half
    and at three quarters (He et al. 2015, section 4.2). `onecycle` rises from lr/25 over 30 % of the steps and falls to
    lr/250,000 (Smith and Topin 2018, torch's defaults); the momentum does not change."""
    match spec.schedule:
        case "cosine":
            return CosineAnnealingLR(optimizer, T_max=steps)
        case "step":
            return MultiStepLR(optimizer, [max(1, steps // 2), max(1, 3 * steps // 4)], gamma=0.1)
        case "onecycle":
            return OneCycleLR(optimizer, max_lr=spec.lr, total_steps=steps, cycle_momentum=False)
    return ConstantLR(optimizer, factor=1.0)
