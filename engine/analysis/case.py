"""Input and result of a verdict: `Case` and `Verdict`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias, get_args

from engine.analysis.evidence import EpochEvidence, percent
from engine.analysis.majority_class import majority_class_loss
from engine.recipes.batch_parts import part_count
from engine.recipes.samplers import SAMPLERS
from engine.spec.run_spec import RunSpec

VerdictKind: TypeAlias = Literal["healthy", "collapsed", "diverged", "overfitting", "underfitting"]
KINDS: tuple[VerdictKind, ...] = get_args(VerdictKind)

SETTLED_STEPS = 100
"""BatchNorm's running statistics move a tenth of the way at each step, so they lag the weights by some tens of
steps."""
LAG_GAP = 0.1
"""Training accuracy this far above the most frequent class's share shows that the network learns."""


@dataclass(frozen=True)
class Verdict:
    """Verdict on a run. Every text is one line; `ruled_out` and `suggestion` may be empty."""

    kind: VerdictKind
    evidence: str
    ruled_out: str
    suggestion: str
    since_epoch: int
    """First epoch of the unbroken row of epochs of this kind that ends with the latest."""
    change: Mapping[str, Any] = field(default_factory=dict)
    """Most promising fix, as spec fields to set in a clone; empty where there is none."""


@dataclass(frozen=True)
class Case:
    """Epochs of a run from 1 on, in order and at least one, with the spec that they were trained by."""

    epochs: tuple[EpochEvidence, ...]
    spec: RunSpec
    train_counts: tuple[int, ...] = ()
    """Training images of each class; empty where they are not known."""
    ends_here: bool = False
    """True where patience ended the run with the latest epoch."""

    @property
    def latest(self) -> EpochEvidence:
        return self.epochs[-1]

    @property
    def is_over(self) -> bool:
        """Tell whether the latest epoch is the run's last, by the spec's epochs or by patience."""
        return self.latest.epoch >= self.spec.epochs or self.ends_here

    @property
    def majority_class_loss(self) -> float | None:
        """Loss of the best always-one-class predictor under the run's own loss."""
        spec = self.spec
        return majority_class_loss(
            spec.loss, self.train_counts, label_smoothing=spec.label_smoothing, sampler=spec.sampler
        )

    @property
    def steps(self) -> int | None:
        """Optimiser steps so far that updated the whole network."""
        images = sum(self.train_counts)
        epochs = max(self.latest.epoch - self.spec.freeze_epochs, 0)
        return epochs * part_count(images * self.spec.passes, self.spec.batch_size) if images else None

    @property
    def is_lagging(self) -> bool:
        """Tell whether training batches are predicted well, but too few steps were made for BatchNorm's running
        statistics, which evaluation uses, to catch up with the weights. A frozen trunk cannot lag."""
        accuracy, steps = self.latest.train_acc, self.steps
        shares = SAMPLERS[self.spec.sampler].drawn_shares(self.train_counts)
        if self.is_frozen or accuracy is None or shares is None or steps is None or steps >= SETTLED_STEPS:
            return False
        images = sum(self.train_counts)
        constant = max(shares)
        return accuracy - constant > max(LAG_GAP, 3 * math.sqrt(constant * (1 - constant) / images))

    def lag(self) -> list[str]:
        """Word the lag of BatchNorm's running statistics; empty where there is none."""
        if not self.is_lagging or self.latest.train_acc is None:
            return []
        return [
            f"training accuracy is {percent(self.latest.train_acc)}: after {self.steps} steps BatchNorm's running "
            "statistics lag behind the weights"
        ]

    @property
    def is_frozen(self) -> bool:
        """Tell whether all layers but the head were frozen in the latest epoch."""
        return self.spec.freeze_epochs >= self.latest.epoch

    def where(self) -> str:
        """Word the latest epoch, as `epoch 3 of 10`."""
        return f"epoch {self.latest.epoch} of {max(self.spec.epochs, self.latest.epoch)}"


def make_case(
    history: Sequence[EpochEvidence], spec: RunSpec, train_counts: Sequence[int], *, ends_here: bool = False
) -> Case | None:
    """Gather the case of a run. None before epoch 1: an untrained network can't have failed."""
    trained = sorted((each for each in history if each.epoch >= 1), key=lambda each: each.epoch)
    if not trained:
        return None
    return Case(tuple(map(_measured, trained)), spec, tuple(train_counts), ends_here)


def _measured(evidence: EpochEvidence) -> EpochEvidence:
    """Replace numbers that are not finite by None. The training loss keeps them: they show divergence."""
    broken: dict[str, Any] = {
        each.name: None
        for each in fields(evidence)
        if each.name != "train_loss"
        and isinstance(value := getattr(evidence, each.name), float)
        and not math.isfinite(value)
    }
    return replace(evidence, **broken) if broken else evidence
