"""How classes weigh in each loss, and the value of the best constant answer under it: a loss is compared with that.

With `counts` the training images of each class, n their sum. A class without images counts as one of one image
where a weight or a prior would be infinite.
"""

from collections.abc import Sequence
from math import log, sqrt

from engine.problem import Problem, WayOut
from engine.spec.run_spec import ORDINAL_LOSS

BETA = 0.999
"""Of `class-balanced`: the largest that Cui et al. 2019 train long-tailed CIFAR with before .9999."""


def class_weights(loss: str, counts: Sequence[int]) -> list[float]:
    """The factor of each class's images in the loss, scaled so that its mean over the training images is 1.

    `ce-balanced`: 1 / n_c (with the scale: n / (K·n_c)); `ce-sqrt`: 1 / √n_c; `class-balanced`:
    (1 − β) / (1 − β^n_c), Cui et al. 2019, who scale to a sum of K instead; otherwise 1.
    """
    raw = [_raw_weight(loss, max(count, 1)) for count in counts]
    mean = sum(weight * count for weight, count in zip(raw, counts, strict=True)) / max(sum(counts), 1)
    return [weight / mean for weight in raw] if mean else raw


def _raw_weight(loss: str, count: int) -> float:
    match loss:
        case "ce-balanced":
            return 1 / count
        case "ce-sqrt":
            return 1 / sqrt(count)
        case "class-balanced":
            return (1 - BETA) / (1 - BETA**count)
    return 1.0


def log_prior(counts: Sequence[int]) -> list[float]:
    """ln of each class's share of the training images: what `logit-adjusted` adds to the logits (Menon et al. 2021)."""
    present = [max(count, 1) for count in counts]
    return [log(count / sum(present)) for count in present]


def loss_problem(loss: str, *, ordered: bool) -> Problem | None:
    """Why these data cannot be trained on with a loss; None where they can."""
    if loss == ORDINAL_LOSS and not ordered:
        what = f"{ORDINAL_LOSS} needs ordered classes, such as grades 0 to 4"
        return Problem("loss", "error", what, (loss,), (WayOut("choose {}", "loss", "ce"),), "loss")
    return None


def best_constant_loss(
    loss: str, counts: Sequence[int], *, label_smoothing: float = 0.0, sampler: str = "shuffle"
) -> float | None:
    """The lowest mean training loss of a network that answers every image alike; None without images.

    Cross-entropies are Σ m_c · −ln p_c for a constant answer p, with m_c what the images and their smoothed
    labels give class c; the least is at p = m / Σm (Gibbs' inequality). `mse-ordinal`: the variance of the grades.
    """
    shares = drawn_shares(counts, sampler)
    if shares is None:
        return None
    if loss == ORDINAL_LOSS:
        mean = sum(grade * share for grade, share in enumerate(shares))
        return sum(share * (grade - mean) ** 2 for grade, share in enumerate(shares))
    weighted = [weight * share for weight, share in zip(class_weights(loss, counts), shares, strict=True)]
    spread = label_smoothing * sum(weighted) / len(counts)
    masses = [(1 - label_smoothing) * mass + spread for mass in weighted]
    total = sum(masses)
    return sum(mass * log(total / mass) for mass in masses if mass)


def drawn_shares(counts: Sequence[int], sampler: str) -> list[float] | None:
    """The share of each class among the images that the steps see."""
    drawn = [int(count > 0) for count in counts] if sampler == "balanced" else list(counts)
    return [count / sum(drawn) for count in drawn] if sum(drawn) else None
