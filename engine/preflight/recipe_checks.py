"""Recipes that can be trained, but are rarely meant."""

from collections.abc import Iterable

from engine.metrics.selection import is_optimistic, selections
from engine.problem import Problem, WayOut
from engine.recipes import normalizations
from engine.recipes.losses import LOSSES
from engine.recipes.optimizers import OPTIMIZERS, names_with_momentum
from engine.recipes.samplers import SAMPLERS
from engine.spec.pretrained import source_kind
from engine.spec.run_spec import RunSpec


def check_recipes(specs: Iterable[RunSpec]) -> list[Problem]:
    """Warn of each sampler and loss that correct for the class frequencies twice, of ImageNet's weights on images
    normalised otherwise, of a momentum that the optimiser does not take, and of statistics over the batches of several
    cards where there is one; note val images that choose no epoch."""
    specs = list(specs)
    pairs = dict.fromkeys((spec.sampler, spec.loss) for spec in specs if spec.epochs)
    twice = [
        _twice(sampler, loss)
        for sampler, loss in pairs
        if not SAMPLERS[sampler].keeps_shares and LOSSES[loss].corrects_shares
    ]
    otherwise = dict.fromkeys(
        (spec.pretrained, spec.normalize)
        for spec in specs
        if source_kind(spec.pretrained) == "imagenet" and spec.normalize != normalizations.DEFAULT
    )
    usual = RunSpec.model_fields["momentum"].default
    unused = dict.fromkeys(
        (spec.momentum, spec.optimizer)
        for spec in specs
        if spec.epochs and spec.momentum != usual and not OPTIMIZERS[spec.optimizer].takes_momentum
    )
    return [
        *twice,
        *(_normalised_otherwise(*each) for each in otherwise),
        *(_momentum_unused(*each) for each in unused),
        *([_sync_unused()] if any(spec.sync_batchnorm and spec.gpus == 1 for spec in specs) else []),
        *map(_val_unused, dict.fromkeys(spec.select_on for spec in specs if _has_val_unused(spec))),
    ]


def _has_val_unused(spec: RunSpec) -> bool:
    return bool(spec.val_fraction) and is_optimistic(spec.select_on, spec.epochs)


def _val_unused(select_on: str) -> Problem:
    on_val = select_on.replace("test_", "val_", 1)
    return Problem(
        "select_on",
        "note",
        f"val images are set aside, but {select_on} chooses the epoch",
        (select_on,),
        (WayOut("{} would use them", "select_on", on_val if on_val in selections() else "val_acc"),),
        "val_unused",
    )


def _momentum_unused(momentum: float, optimizer: str) -> Problem:
    what = f"momentum {momentum:g} has no effect: optimizer {optimizer} has betas of its own"
    ways = (
        WayOut("leave it out"),
        *(WayOut("use {}", "optimizer", name) for name in names_with_momentum()),
    )
    return Problem("momentum", "warning", what, (f"{momentum:g}", optimizer), ways, "momentum_unused", what)


def _sync_unused() -> Problem:
    what = "sync_batchnorm has no effect with gpus 1: one card sees the whole batch"
    ways = WayOut("leave it out"), WayOut("share each batch by {}", "gpus", 2)
    return Problem("sync_batchnorm", "warning", what, (), ways, "sync_unused", what)


def _normalised_otherwise(pretrained: str, normalize: str) -> Problem:
    usual = normalizations.DEFAULT
    return Problem(
        "normalize",
        "warning",
        f"{pretrained} weights were trained on images normalised by {usual}, and normalize is {normalize}",
        (pretrained, normalize),
        (WayOut("use {}", "normalize", usual),),
        "normalised_otherwise",
        f"{pretrained} weights were trained with normalize {usual}",
    )


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
