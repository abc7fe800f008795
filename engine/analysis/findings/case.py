"""Evidence that a run is judged by: its epochs, its spec, and what is known of its images."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.analysis.chance import accuracy_error
from engine.analysis.evidence import EpochEvidence, most_predicted, most_predicted_shares, percent
from engine.analysis.findings.half_choices import HalfChoices
from engine.analysis.majority_class import majority_class_loss
from engine.recipes.batch_parts import part_count
from engine.recipes.samplers import SAMPLERS
from engine.spec.constants import EVALUATED_TRAIN_IMAGES
from engine.spec.run_spec import RunSpec
from engine.text import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST_NAME = 40
"""Characters of a class's name in a finding."""
LAG_STEPS = 300
"""Steps from which other images in test than in train are the likelier reason than BatchNorm."""
SHARES = ("train_acc", "test_acc", "baseline", "eval_train_acc")
MEASURED_LAG = 0.1
"""Training accuracy this far above that of the same images in evaluation mode is not the network's own."""
LAG_ERRORS = 3.0
"""Standard errors that the distance must have."""
LAG_GAP = 0.15
"""Training accuracy this far above what the predictions of evaluation allow shows that these are not the network's."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predicted classes of the test images after each epoch."""

    answers: "NDArray[np.uint16]"
    """Epochs × images, row 0 being epoch 0; `epoch_predictions.NO_CLASS` where an epoch's row was lost."""
    labels: "NDArray[np.int64]"
    """True classes, one for each image."""
    groups: tuple[str, ...] | None = None
    """Group of each image, such as its patient; None where images have no groups."""
    choices: HalfChoices = field(default_factory=HalfChoices)
    """Everything that earlier judgements of the same run computed of earlier epochs."""

    def predicted(self, epoch: int) -> "NDArray[np.uint16] | None":
        """Return the predictions of an epoch; None where they were not kept."""
        lost = 2**16 - 1
        if not 0 <= epoch < len(self.answers) or bool((self.answers[epoch] == lost).any()):
            return None
        row: NDArray[np.uint16] = self.answers[epoch]
        return row

    def correct(self, epoch: int) -> "NDArray[np.bool_] | None":
        """Return which images an epoch predicts correctly; None where its predictions were not kept."""
        found = self.predicted(epoch)
        right: NDArray[np.bool_] | None = None if found is None else found == self.labels
        return right


@dataclass(frozen=True, eq=False)
class Case:
    """Epochs of a run from 1 on, in order and at least one, with the spec that they were trained by."""

    epochs: tuple[EpochEvidence, ...]
    spec: RunSpec
    train_counts: tuple[int, ...] = ()
    """Training images of each class; empty where they are not known."""
    ends_here: bool = False
    """True where patience ended the run with the latest epoch."""
    untrained: EpochEvidence | None = None
    """Epoch 0: the network as it came."""
    predictions: Predictions | None = None
    leak: Mapping[str, Any] | None = None
    """Val and test images that the first weights were trained on, as `Leak.document` gives them; None where nobody
    knows."""
    best_epoch: int | None = None
    """Epoch that `select_on` chose; None takes the one of highest test accuracy."""
    class_names: tuple[str, ...] = ()
    """Names of the classes; empty where they are not known."""

    @property
    def latest(self) -> EpochEvidence:
        return self.epochs[-1]

    @property
    def best(self) -> EpochEvidence:
        """Return the epoch that was chosen, else the one of highest test accuracy, the earlier of equals."""
        chosen = [each for each in self.epochs if each.epoch == self.best_epoch and each.test_acc is not None]
        measured = [each for each in self.epochs if each.test_acc is not None]
        return (
            chosen[0] if chosen else max(measured, key=lambda each: each.test_acc or 0.0, default=self.latest)
        )

    @property
    def is_over(self) -> bool:
        """Tell whether the latest epoch is the run's last, by the spec's epochs or by patience."""
        return self.latest.epoch >= self.spec.epochs or self.ends_here

    @property
    def is_early(self) -> bool:
        """Tell whether the run goes on after its first epoch, which tells little."""
        return self.latest.epoch == 1 and not self.is_over

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
        """Tell whether BatchNorm's running statistics, which evaluation uses, do not fit the weights: whether training
        batches are predicted better than the same images in evaluation mode or, where these were not evaluated, better
        than the predictions of evaluation allow. A frozen trunk cannot lag."""
        latest = self.latest
        if self.is_frozen or latest.train_acc is None:
            return False
        if latest.eval_train_acc is None or not SAMPLERS[self.spec.sampler].keeps_shares:
            return self._seems_lagging(latest.train_acc)
        constant, evaluated = self.majority_class_loss, self.evaluated_train_images
        if constant is not None and latest.train_loss is not None and latest.train_loss > constant:
            return False  # weights that explode are predicted worse after each step, whatever the statistics
        fall = latest.train_acc - latest.eval_train_acc
        return fall > max(MEASURED_LAG, LAG_ERRORS * accuracy_error(latest.eval_train_acc, evaluated))

    @property
    def evaluated_train_images(self) -> int:
        """Train images that `eval_train_acc` is of."""
        images = sum(self.train_counts)
        return images if self.spec.eval_train else min(images, EVALUATED_TRAIN_IMAGES)

    def evaluated_in_words(self) -> str:
        """Name the train images that were evaluated: `1,000 train images`."""
        count = self.evaluated_train_images
        return f"{count:,} train images" if count else "the train images"

    def _seems_lagging(self, train_acc: float) -> bool:
        """Tell whether training batches are predicted better than they could be by the predictions of evaluation: where
        these are one class for a share p of the images, the accuracy is at most 1 − p and that class's share (in
        train or test, whichever is larger)."""
        latest, steps = self.latest, self.steps
        shares = SAMPLERS[self.spec.sampler].drawn_shares(self.train_counts)
        if not sum(latest.answers) or not sum(latest.labels):
            return False
        if shares is None or steps is None or steps >= LAG_STEPS or len(shares) != len(latest.answers):
            return False
        predicted, labelled = most_predicted_shares(latest)
        most = 1 - predicted + min(predicted, max(labelled, shares[most_predicted(latest)]))
        error = math.sqrt(max(most * (1 - most), 0.0) / sum(self.train_counts))
        return train_acc - most > max(LAG_GAP, LAG_ERRORS * error)

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

    def named(self, index: int) -> str:
        """Name a class, as `class healthy`, by its number where its name is not known."""
        name = plain(self.class_names[index]) if index < len(self.class_names) else str(index)
        return f"class {name if len(name) <= LONGEST_NAME else f'{name[: LONGEST_NAME - 1]}…'}"

    def where(self) -> str:
        """Word the latest epoch, as `epoch 3 of 10`."""
        return f"epoch {self.latest.epoch} of {max(self.spec.epochs, self.latest.epoch)}"


def make_case(
    history: Sequence[EpochEvidence],
    spec: RunSpec,
    train_counts: Sequence[int] = (),
    *,
    ends_here: bool = False,
    predictions: Predictions | None = None,
    leak: Mapping[str, Any] | None = None,
    best_epoch: int | None = None,
    class_names: Sequence[str] = (),
) -> Case | None:
    """Gather the case of a run from its epochs, epoch 0 among them where it was measured.

    `train_counts` are the training images of each class: without them no loss is compared with the majority-class
    loss. `ends_here`: patience has ended the run with the latest epoch. None before epoch 1: an untrained network
    can't have failed."""
    measured = [_measured(each) for each in sorted(history, key=lambda each: each.epoch)]
    trained = tuple(each for each in measured if each.epoch >= 1)
    if not trained:
        return None
    untrained = next((each for each in measured if each.epoch == 0), None)
    counts, names = tuple(train_counts), tuple(class_names)
    return Case(trained, spec, counts, ends_here, untrained, predictions, leak, best_epoch, names)


def _measured(evidence: EpochEvidence) -> EpochEvidence:
    """Replace numbers that are not finite, and shares that are none, by None. The training loss keeps them: they show
    divergence."""
    broken: dict[str, Any] = {
        name: None
        for name, value in vars(evidence).items()
        if isinstance(value, float)
        and name != "train_loss"
        and not (math.isfinite(value) and (name not in SHARES or 0 <= value <= 1))
    }
    return replace(evidence, **broken) if broken else evidence
