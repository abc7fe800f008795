"""Losses, and how a network's outputs are read under each: answers, scores, likelihood."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.constant_loss import class_weights, log_prior
from engine.spec.run_spec import ORDINAL_LOSS, RunSpec


class Objective(nn.Module):
    """A loss over outputs (images × `outputs_of`) and labels (int64, images): its mean over the images.

    Always divided by the number of images, so that the parts of a batch add up to the whole."""

    def forward(self, outputs: Tensor, labels: Tensor) -> Tensor:
        raise NotImplementedError

    def answers(self, outputs: Tensor) -> Tensor:
        """The class answered for each image, int64."""
        raise NotImplementedError

    def scores(self, outputs: Tensor) -> Tensor:
        """What `scores.npy` holds, float32: softmax probabilities, or the grade in a single column."""
        raise NotImplementedError

    def nll(self, outputs: Tensor, labels: Tensor) -> Tensor | None:
        """The mean negative log-likelihood, unweighted and unsmoothed; None where there is no probability."""
        raise NotImplementedError


class Classification(Objective):
    """Cross-entropy; `weights` multiply each class's images, `prior` is added to the logits while training alone."""

    weights: Tensor | None
    prior: Tensor | None

    def __init__(
        self, weights: Tensor | None = None, prior: Tensor | None = None, label_smoothing: float = 0.0
    ) -> None:
        super().__init__()
        self.register_buffer("weights", weights)
        self.register_buffer("prior", prior)
        self.label_smoothing = label_smoothing

    def forward(self, outputs: Tensor, labels: Tensor) -> Tensor:
        logits = outputs.float() if self.prior is None else outputs.float() + self.prior
        if self.weights is None:
            return functional.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        # Not torch's `weight`: it weighs the smoothed part by every class, so that rare ones would take over.
        losses = functional.cross_entropy(
            logits, labels, reduction="none", label_smoothing=self.label_smoothing
        )
        return (self.weights[labels] * losses).mean()

    def answers(self, outputs: Tensor) -> Tensor:
        return outputs.argmax(1)

    def scores(self, outputs: Tensor) -> Tensor:
        return outputs.float().softmax(1)

    def nll(self, outputs: Tensor, labels: Tensor) -> Tensor | None:
        return functional.cross_entropy(outputs.double(), labels)


class Ordinal(Objective):
    """One output, the grade: squared error while training, the nearest grade as the answer."""

    thresholds: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("thresholds", torch.tensor(grade_thresholds(classes)))

    def forward(self, outputs: Tensor, labels: Tensor) -> Tensor:
        return functional.mse_loss(outputs.float().squeeze(1), labels.float())

    def answers(self, outputs: Tensor) -> Tensor:
        return torch.bucketize(outputs.float().squeeze(1).contiguous(), self.thresholds, right=True)

    def scores(self, outputs: Tensor) -> Tensor:
        return outputs.float()

    def nll(self, outputs: Tensor, labels: Tensor) -> Tensor | None:
        return None


def grade_thresholds(classes: int) -> list[float]:
    """0.5, 1.5, …: an answer is the number of thresholds that the grade reaches; below and above are clamped."""
    return [grade + 0.5 for grade in range(classes - 1)]


def outputs_of(loss: str, classes: int) -> int:
    """How many outputs a network has under a loss."""
    return 1 if loss == ORDINAL_LOSS else classes


def make_objective(spec: RunSpec, train_counts: Sequence[int]) -> Objective:
    """The spec's loss for training images of so many per class."""
    if spec.loss == ORDINAL_LOSS:
        return Ordinal(len(train_counts))
    weights = prior = None
    if spec.loss == "logit-adjusted":
        prior = torch.tensor(log_prior(train_counts))
    elif spec.loss != "ce":
        weights = torch.tensor(class_weights(spec.loss, train_counts))
    return Classification(weights, prior, spec.label_smoothing)
