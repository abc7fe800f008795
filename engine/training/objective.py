"""Objective of training as a module on the device, and how outputs are read: predictions, scores, NLL."""

from collections.abc import Sequence
from typing import assert_never

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.recipes.loss_info import LossInfo, MeanLoss, log_prior
from engine.recipes.losses import LOSSES, cross_entropy, squared_error


class Objective(nn.Module):
    """Loss over outputs (images × outputs) and labels (int64, images): its mean over the images.

    Always divided by the number of images, so that the parts of a batch add up to the whole."""

    def forward(self, outputs: Tensor, labels: Tensor) -> Tensor:
        raise NotImplementedError

    def predictions(self, outputs: Tensor) -> Tensor:
        """Return the predicted class of each image, int64."""
        raise NotImplementedError

    def scores(self, outputs: Tensor) -> Tensor:
        """Scores for `scores.npy`, float32: softmax probabilities, or the grade in a single column."""
        raise NotImplementedError

    def nll(self, outputs: Tensor, labels: Tensor) -> Tensor | None:
        """Return the mean negative log-likelihood, unweighted and unsmoothed; None where there is no probability."""
        raise NotImplementedError


class Classification(Objective):
    """Logits, one a class; `weights` multiply each class's images, `prior` is added to the logits while training."""

    weights: Tensor | None
    prior: Tensor | None

    def __init__(
        self,
        weights: Tensor | None = None,
        prior: Tensor | None = None,
        label_smoothing: float = 0.0,
        mean_loss: MeanLoss = cross_entropy,
    ) -> None:
        super().__init__()
        self.register_buffer("weights", weights)
        self.register_buffer("prior", prior)
        self.label_smoothing, self.mean_loss = label_smoothing, mean_loss

    def forward(self, outputs: Tensor, labels: Tensor) -> Tensor:
        logits = outputs.float() if self.prior is None else outputs.float() + self.prior
        return self.mean_loss(logits, labels, self.weights, self.label_smoothing)

    def predictions(self, outputs: Tensor) -> Tensor:
        return outputs.argmax(1)

    def scores(self, outputs: Tensor) -> Tensor:
        return outputs.float().softmax(1)

    def nll(self, outputs: Tensor, labels: Tensor) -> Tensor | None:
        return functional.cross_entropy(outputs.double(), labels)


class Ordinal(Objective):
    """One output, the grade: the nearest grade is predicted."""

    thresholds: Tensor
    weights: Tensor | None

    def __init__(
        self, classes: int, weights: Tensor | None = None, mean_loss: MeanLoss = squared_error
    ) -> None:
        super().__init__()
        self.register_buffer("thresholds", torch.tensor(grade_thresholds(classes)))
        self.register_buffer("weights", weights)
        self.mean_loss = mean_loss

    def forward(self, outputs: Tensor, labels: Tensor) -> Tensor:
        return self.mean_loss(outputs.float(), labels, self.weights, 0.0)

    def predictions(self, outputs: Tensor) -> Tensor:
        return torch.bucketize(outputs.float().squeeze(1).contiguous(), self.thresholds, right=True)

    def scores(self, outputs: Tensor) -> Tensor:
        return outputs.float()

    def nll(self, outputs: Tensor, labels: Tensor) -> Tensor | None:
        return None


def grade_thresholds(classes: int) -> list[float]:
    """0.5, 1.5, …: the predicted class is the number of thresholds that the grade reaches; below and above are
    clamped."""
    return [grade + 0.5 for grade in range(classes - 1)]


def make_objective(loss: str, train_counts: Sequence[int], label_smoothing: float = 0.0) -> Objective:
    """Return the objective of a registered loss for so many training images of each class."""
    info = LOSSES[loss]
    weights = None if info.class_weight is None else torch.tensor(info.class_weights(train_counts))
    prior = torch.tensor(log_prior(train_counts)) if info.adds_log_prior else None
    match info.outputs:
        case "logits":
            return Classification(weights, prior, label_smoothing, info.mean_loss)
        case "grade":
            return Ordinal(len(train_counts), weights, info.mean_loss)
        case _:
            assert_never(info.outputs)


def reading_of(info: LossInfo, classes: int) -> Objective:
    """Return how the outputs of a network trained with a loss are read, where no loss is computed."""
    match info.outputs:
        case "logits":
            return Classification()
        case "grade":
            return Ordinal(classes)
        case _:
            assert_never(info.outputs)
