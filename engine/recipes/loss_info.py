"""Type of a loss's entry, and what follows from it: class weights, number of outputs, demands on the data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

from engine.problem import IF_GRADES, Problem, WayOut
from engine.recipes.entry import Entry

if TYPE_CHECKING:
    from torch import Tensor

Outputs: TypeAlias = Literal["logits", "grade"]
"""Outputs of a network for an image: one logit for each class, or a single number, the grade."""

MeanLoss: TypeAlias = "Callable[[Tensor, Tensor, Tensor | None, float], Tensor]"
"""The mean over a batch's images, a scalar, of: outputs (float32, images × outputs), labels (int64, images), a factor
for each class (float32, or None for 1), and the share of label smoothing."""


@dataclass(frozen=True, kw_only=True)
class LossInfo(Entry):
    """Loss: all that the program knows of it."""

    mean_loss: MeanLoss
    """Divides by the number of images, so that the parts of a batch add up to the whole."""
    majority_class_loss: Callable[[Sequence[float]], float] | None
    """The lowest loss of a predictor that gives all images the same outputs, from the mass of each class: its share of
    the images that the steps see × its weight, smoothed. None where it is not known: no loss is judged by it then."""
    outputs: Outputs = "logits"
    class_weight: Callable[[int], float] | None = None
    """The factor of a class with so many training images (1 or more), before scaling; None for 1."""
    adds_log_prior: bool = False
    """Whether ln of the classes' shares is added to the logits while training."""
    weighted_variant: str = ""
    """The loss that is like this one with mild class weights; empty where there is none."""

    @property
    def gives_grade(self) -> bool:
        """Return whether the network has a single output, the grade, and so neither probabilities nor an NLL."""
        return self.outputs == "grade"

    @property
    def corrects_shares(self) -> bool:
        """Return whether the loss corrects for the classes' shares of the training images, by weights or by a prior."""
        return self.class_weight is not None or self.adds_log_prior

    def output_count(self, classes: int) -> int:
        """Return how many outputs the network has for so many classes."""
        match self.outputs:
            case "logits":
                return classes
            case "grade":
                return 1
            case _:
                assert_never(self.outputs)

    def data_problem(self, *, ordered: bool) -> Problem | None:
        """Tell why the loss does not work on these data; None where it does."""
        if self.gives_grade and not ordered:
            what = f"{self.name} needs ordered classes, such as grades 0 to 4"
            ways = WayOut("choose {}", "loss", "ce"), IF_GRADES
            return Problem("loss", "error", what, (self.name,), ways, "loss")
        return None

    def class_weights(self, counts: Sequence[int]) -> list[float]:
        """Return the factor of each class, scaled to a mean of 1 over the training images.

        `counts` are the training images of each class; an empty class counts as having one."""
        raw = [1.0 if self.class_weight is None else self.class_weight(max(count, 1)) for count in counts]
        mean = sum(weight * count for weight, count in zip(raw, counts, strict=True)) / max(sum(counts), 1)
        return [weight / mean for weight in raw] if mean else raw


def log_prior(counts: Sequence[int]) -> list[float]:
    """ln of each class's share of the training images, where an empty class counts as one of one image."""
    present = [max(count, 1) for count in counts]
    return [log(count / sum(present)) for count in present]
