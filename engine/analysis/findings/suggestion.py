"""Suggested changes of settings, the most promising first, limited to those that are valid for the run's spec."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.analysis.evidence import alarms
from engine.analysis.findings.case import Case
from engine.recipes.losses import LOSSES
from engine.recipes.optimizers import OPTIMIZERS
from engine.recipes.samplers import SAMPLERS
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import SpecError, make_spec
from engine.spec.run_spec import FIELDS, RunSpec

Change = Mapping[str, Any]

MORE_EPOCHS = 3
"""Factor for the number of epochs: a slow start needs a multiple, not a few more."""
SMALLEST_BATCH = 4
FEW_STEPS = 10
"""Steps an epoch below which a smaller batch is suggested before more epochs: it costs nothing."""
UNEVEN = 2.0
"""Ratio of the largest class to the smallest from which class weights are worth a try."""
MOST_SUGGESTED = 4
LEAST_DECAY, MOST_DECAY = 5e-4, 5e-3
"""Weight decay that is suggested where there is none, and from which no more is."""
SMOOTHING = 0.1
"""Label smoothing that is suggested (Szegedy et al. 2016)."""


def prescribe(spec: RunSpec, changes: Iterable[Change]) -> tuple[str, dict[str, Any]]:
    """Return the changes that fit as one line, and the first of them; both empty where none fits."""
    fitting = [dict(change) for change in changes if change and fits(spec, change)]
    distinct = [change for number, change in enumerate(fitting) if change not in fitting[:number]]
    if not distinct:
        return "", {}
    return ", then ".join(worded(spec, change) for change in distinct[:MOST_SUGGESTED]), distinct[0]


def fits(spec: RunSpec, change: Change) -> bool:
    """Tell whether the spec with the change is valid and differs."""
    if not set(change) <= set(FIELDS):
        return False
    try:
        return make_spec({**spec.model_dump(), **change}) != spec
    except SpecError:
        return False


def worded(spec: RunSpec, change: Change) -> str:
    """Word a change, as `lr 0.01 → 0.1`."""
    return " and ".join(
        f"{name} {_shown(getattr(spec, name))} → {_shown(value)}" for name, value in change.items()
    )


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def learn_at_all(case: Case) -> list[Change]:
    """Suggest changes for a network that predicts one class: more steps, then pretrained weights, then class
    weights."""
    spec = case.spec
    if case.is_lagging:
        smaller = {"batch_size": max(spec.batch_size // 4, SMALLEST_BATCH)}
        has_few_steps = sum(case.train_counts) < FEW_STEPS * spec.batch_size
        ways = [smaller, more_epochs(spec)] if has_few_steps else [more_epochs(spec), smaller]
        return [*ways, lower_lr(spec)]
    if is_overdriven(case):
        return [lower_lr(spec), {} if spec.warmup_epochs else {"warmup_epochs": 1.0}, clip(spec)]
    steps = [raise_lr(spec), more_epochs(spec)]
    if spec.lr >= OPTIMIZERS[spec.optimizer].default_lr:
        steps.reverse()
    return [*steps, better_start(spec), *weigh_classes(case)]


def is_overdriven(case: Case) -> bool:
    """Tell whether the learning rate was too high: gradients vanished, logits exploded, or the loss is far above the
    majority-class loss."""
    loss, constant = case.latest.train_loss, case.majority_class_loss
    far_off = loss is not None and constant is not None and loss > 2 * constant
    return bool(alarms(case.latest)) or (
        far_off and case.spec.lr > OPTIMIZERS[case.spec.optimizer].default_lr
    )


def learn_more(case: Case) -> list[Change]:
    """Suggest changes for a network that was stopped while it still improved."""
    spec = case.spec
    slow = [raise_lr(spec)] if spec.lr < OPTIMIZERS[spec.optimizer].default_lr else []
    return [*slow, more_epochs(spec), better_start(spec)]


def generalise(case: Case, best_epoch: int | None) -> list[Change]:
    """Suggest changes for a network that memorises its training images; `best_epoch` is that of lowest test NLL."""
    spec = case.spec
    turned = {} if BUILTIN_DEFAULTS.get(spec.data, {}).get("augment") == "none" else {"augment": "flip"}
    return [
        turned if spec.augment == "none" else {},
        better_start(spec) if spec.pretrained == "none" else {},
        {} if best_epoch is None else {"epochs": best_epoch},
        raise_decay(spec),
        smooth_labels(spec),
    ]


def stay_finite(case: Case) -> list[Change]:
    """Suggest changes for a network whose values overflowed their number format."""
    spec = case.spec
    warm = {} if spec.warmup_epochs else {"warmup_epochs": 1.0}
    return [lower_lr(spec), clip(spec), warm, {"precision": "fp32"}]


def train_less(case: Case, best_epoch: int) -> list[Change]:
    """Suggest changes for a network that was better before."""
    return [{"epochs": best_epoch} if best_epoch >= 1 else {}, *stabilise(case)]


def be_less_sure(case: Case, best_epoch: int) -> list[Change]:
    """Suggest changes for a network whose wrong predictions became more confident while its accuracy did not fall:
    what softens the scores first, for fewer epochs would give accuracy away.

    Source: Müller et al. 2019 (label smoothing calibrates), Guo et al. 2017 (weight decay does)."""
    spec = case.spec
    fewer = {"epochs": best_epoch} if best_epoch >= 1 else {}
    return [smooth_labels(spec), raise_decay(spec), lower_lr(spec), fewer]


def stabilise(case: Case) -> list[Change]:
    """Suggest changes for a network whose steps are too large."""
    spec = case.spec
    return [lower_lr(spec), {} if spec.warmup_epochs else {"warmup_epochs": 1.0}, clip(spec)]


def choose_on_val(spec: RunSpec) -> list[Change]:
    """Suggest to choose the best epoch on val images, with a share of the training images where there are none."""
    chosen = spec.select_on.partition("_")[2]
    fraction = {} if spec.val_fraction else {"val_fraction": 0.1}
    return [{**fraction, "select_on": f"val_{chosen}"}]


def raise_lr(spec: RunSpec) -> Change:
    lr = float(f"{spec.lr * 10:.6g}")
    return {"lr": lr} if lr <= OPTIMIZERS[spec.optimizer].largest_lr else {}


def raise_decay(spec: RunSpec) -> Change:
    decay = float(f"{spec.weight_decay * 10:.6g}") or LEAST_DECAY
    return {"weight_decay": decay} if spec.weight_decay < MOST_DECAY else {}


def smooth_labels(spec: RunSpec) -> Change:
    return {} if spec.label_smoothing else {"label_smoothing": SMOOTHING}


def clip(spec: RunSpec) -> Change:
    return {} if spec.clip_norm else {"clip_norm": 1.0}


def lower_lr(spec: RunSpec) -> Change:
    return {"lr": min(float(f"{spec.lr / 10:.6g}"), OPTIMIZERS[spec.optimizer].largest_lr)}


def more_epochs(spec: RunSpec) -> Change:
    return {"epochs": max(spec.epochs, 1) * MORE_EPOCHS}


def better_start(spec: RunSpec) -> Change:
    """Suggest pretrained weights, or where the run has them, training the head alone first."""
    if spec.pretrained == "none":
        return {"pretrained": "imagenet"}
    return {} if spec.freeze_epochs else {"freeze_epochs": 1}


def weigh_classes(case: Case) -> list[Change]:
    """Suggest the mildest class weights; nothing where classes are about even or weighted already."""
    present = [count for count in case.train_counts if count]
    if not present or max(present) < UNEVEN * min(present):
        return []
    variant = LOSSES[case.spec.loss].weighted_variant
    return [{"loss": variant}] if variant and SAMPLERS[case.spec.sampler].keeps_shares else []
