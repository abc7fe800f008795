"""Majority-class loss: the lowest loss of an always-one-class predictor, with which training losses are compared."""

from collections.abc import Sequence

from engine.recipes.losses import LOSSES
from engine.recipes.samplers import SAMPLERS


def majority_class_loss(
    loss: str, counts: Sequence[int], *, label_smoothing: float = 0.0, sampler: str = "shuffle"
) -> float | None:
    """Return the lowest mean training loss of a network whose outputs are the same for every image; None without
    images, or where the loss's entry does not define it.

    `counts` are the training images of each class. A class's mass is its share of the images that the steps see times
    its weight, of which label smoothing spreads a part over all classes."""
    info = LOSSES[loss]
    shares = SAMPLERS[sampler].drawn_shares(counts)
    if shares is None or info.majority_class_loss is None:
        return None
    weighted = [weight * share for weight, share in zip(info.class_weights(counts), shares, strict=True)]
    spread = label_smoothing * sum(weighted) / len(counts)
    return info.majority_class_loss([(1 - label_smoothing) * mass + spread for mass in weighted])
