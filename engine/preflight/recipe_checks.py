"""Recipes that can be trained, but are rarely meant."""

from collections.abc import Iterable

from engine.problem import Problem, WayOut
from engine.recipes.losses import LOSSES
from engine.recipes.samplers import SAMPLERS
from engine.spec.run_spec import RunSpec


def check_recipes(specs: Iterable[RunSpec]) -> list[Problem]:
    """Warn of each sampler and loss that correct for the class frequencies twice."""
    pairs = dict.fromkeys((spec.sampler, spec.loss) for spec in specs if spec.epochs)
    return [
        _twice(sampler, loss)
        for sampler, loss in pairs
        if not SAMPLERS[sampler].keeps_shares and LOSSES[loss].corrects_shares
    ]


def _twice(sampler: str, loss: str) -> Problem:
    plain = RunSpec.model_fields["loss"].default
    return Problem(
        "sampler",
        "warning",
        f"sampler {sampler} and loss {loss} both correct for the class frequencies, so rare classes count too much",
        (sampler, loss),
        (
            *(WayOut("use {}", "sampler", name) for name, info in SAMPLERS.items() if info.keeps_shares),
            WayOut("use {}", "loss", plain),
        ),
        "balanced_twice",
        "sampler and loss both balance the classes: use one of them",
    )
