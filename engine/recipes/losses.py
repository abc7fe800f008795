"""Losses: one entry each. To add one, write its formula and its entry here; all else follows.

n images, n_c of class c, K classes, p the softmax of the logits, y the class of an image. `majority_class_loss` takes
the mass m_c of each class and minimises Σ m_c · loss(class c) over outputs that are the same for every image."""

import functools
from collections.abc import Callable, Sequence
from math import exp, log, sqrt
from typing import TYPE_CHECKING

from engine.recipes.entry import by_name
from engine.recipes.loss_info import LossInfo

if TYPE_CHECKING:
    from torch import Tensor

BETA = 0.999
"""Of `class-balanced`: the largest that Cui et al. 2019 train long-tailed CIFAR with before .9999."""
GAMMA = 2.0
"""Of `focal`: what works best in Lin et al. 2017."""
SMALLEST_LOG_P = -700.0
"""A probability of e^-700 is about the smallest that a double holds with all its digits."""
HALVINGS = 60
"""Of an interval in a search by bisection: the rest is less than a double can tell apart."""


def cross_entropy(
    logits: "Tensor", labels: "Tensor", weights: "Tensor | None", label_smoothing: float
) -> "Tensor":
    """−ln p_y, each image times the weight of its class."""
    from torch.nn import functional

    if weights is None:
        return functional.cross_entropy(logits, labels, label_smoothing=label_smoothing)
    # Not torch's `weight`: it weighs the smoothed part by every class, so that rare ones would take over.
    losses = functional.cross_entropy(logits, labels, reduction="none", label_smoothing=label_smoothing)
    return (weights[labels] * losses).mean()


def focal(logits: "Tensor", labels: "Tensor", weights: "Tensor | None", label_smoothing: float) -> "Tensor":
    """−(1 − p_y)^γ ln p_y, the softmax form of Lin et al. 2017, equation 4. The entry excludes label smoothing."""
    log_p = logits.log_softmax(1).gather(1, labels[:, None]).squeeze(1)
    losses = -(log_p.expm1().neg() ** GAMMA) * log_p
    return losses.mean() if weights is None else (weights[labels] * losses).mean()


def squared_error(
    grades: "Tensor", labels: "Tensor", weights: "Tensor | None", label_smoothing: float
) -> "Tensor":
    """(grade − y)², each image times the weight of its class. The entry excludes label smoothing."""
    from torch.nn import functional

    if weights is None:
        return functional.mse_loss(grades.squeeze(1), labels.float())
    return (weights[labels] * (grades.squeeze(1) - labels) ** 2).mean()


def entropy(masses: Sequence[float]) -> float:
    """Return the least of Σ m_c · −ln p_c: at p = m / Σm (Gibbs' inequality)."""
    total = sum(masses)
    return sum(mass * log(total / mass) for mass in masses if mass)


def variance(masses: Sequence[float]) -> float:
    """Return the least of Σ m_c · (grade − c)² for masses that sum to 1: at their mean."""
    mean = sum(grade * mass for grade, mass in enumerate(masses))
    return sum(mass * (grade - mean) ** 2 for grade, mass in enumerate(masses))


def least_focal(masses: Sequence[float]) -> float:
    """Return the least of Σ m_c · f(p_c), with f(p) = −(1 − p)^γ ln p, which has no closed form.

    f is convex on (0, 1], so that at the minimum all m_c · −f′(p_c) have the same value λ; −f′ falls from ∞ to 0 and
    Σ p_c with λ, so that the λ at which the sum is 1 is found by bisection. With K masses above 0 it lies between that
    of the smallest mass at p = 1/2, where the sum is K/2 or more, and that of the largest at p = 1/K."""
    return _least_focal(tuple(sorted(mass for mass in masses if mass)))


@functools.lru_cache(maxsize=256)  # a verdict asks for every epoch of a run
def _least_focal(masses: tuple[float, ...]) -> float:
    if len(masses) < 2:
        return 0.0

    def steepness(p: float) -> float:
        return float((1 - p) ** GAMMA / p - GAMMA * (1 - p) ** (GAMMA - 1) * log(p))

    def p_where(steep: float) -> float:
        return exp(_root(lambda log_p: steepness(exp(log_p)) - steep, SMALLEST_LOG_P, 0.0))

    limits = masses[0] * steepness(0.5), masses[-1] * steepness(1 / len(masses))
    steep = _root(lambda each: sum(p_where(each / mass) for mass in masses) - 1, *limits)
    chosen = [p_where(steep / mass) for mass in masses]
    return sum(mass * float((1 - p) ** GAMMA) * -log(p) for mass, p in zip(masses, chosen, strict=True))


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Find the root of a falling function by bisection."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


LOSSES = by_name(
    LossInfo(
        name="ce",
        description="cross-entropy",
        mean_loss=cross_entropy,
        majority_class_loss=entropy,
        weighted_variant="ce-sqrt",
    ),
    LossInfo(
        name="ce-sqrt",
        description="cross-entropy, each class weighted by 1/√(its training images)",
        mean_loss=cross_entropy,
        majority_class_loss=entropy,
        class_weight=lambda count: 1 / sqrt(count),
    ),
    LossInfo(
        name="ce-balanced",
        description="cross-entropy, each class weighted by 1/(its training images)",
        mean_loss=cross_entropy,
        majority_class_loss=entropy,
        class_weight=lambda count: 1 / count,
    ),
    LossInfo(
        name="class-balanced",
        description=f"cross-entropy weighted by the effective number of images, β {BETA:g} (Cui et al. 2019)",
        mean_loss=cross_entropy,
        majority_class_loss=entropy,
        class_weight=lambda count: float((1 - BETA) / (1 - BETA**count)),
    ),
    LossInfo(
        name="logit-adjusted",
        description="cross-entropy of the logits + ln of the class shares (Menon et al. 2021)",
        mean_loss=cross_entropy,
        majority_class_loss=entropy,
        adds_log_prior=True,
    ),
    LossInfo(
        name="focal",
        description=f"focal loss, γ {GAMMA:g}: images that are predicted well count less (Lin et al. 2017)",
        mean_loss=focal,
        majority_class_loss=least_focal,
        excludes={"label_smoothing": "is defined for labels that are not smoothed"},
    ),
    LossInfo(
        name="mse-ordinal",
        description="squared error of a single output, the grade",
        mean_loss=squared_error,
        majority_class_loss=variance,
        outputs="grade",
        excludes={"label_smoothing": "has no classes to smooth"},
    ),
)
