"""Runs that the verdict is measured on: seven families, varied on purpose, each drawn from a seed of its own."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

PHASES = ("development", "measurement")
SIZE_PX = 32
FAMILIES = ("imbalanced", "slow", "hot", "tiny", "noise", "warm", "ordinary")


@dataclass(frozen=True)
class Scenario:
    """One run to be: its data and its settings."""

    number: int
    seed: int
    family: str
    data: str
    """fundus (natural shares), balanced (the same eyes, equal shares), or digits."""
    train_images: int
    test_images: int
    noise: float
    """Share of the training labels that are drawn anew."""
    settings: dict[str, Any] = field(default_factory=dict)


RANGES = {
    "imbalanced": ((100, 200), (1, 4), (-3.7, -1.7)),
    "slow": ((80, 200), (1, 3), (-5.0, -2.7)),
    "hot": ((80, 160), (1, 4), (-0.5, 3.0)),
    "tiny": ((30, 60), (12, 25), (-3.0, -1.8)),
    "noise": ((40, 80), (12, 20), (-3.0, -1.8)),
    "warm": ((80, 200), (2, 6), (-3.5, -1.8)),
    "ordinary": ((150, 300), (3, 7), (-2.7, -1.5)),
}
"""Of each family: training images, epochs, and the logarithm of the learning rate, lowest and highest."""


def scenario(phase: str, number: int) -> Scenario:
    """Run `number` of a phase, drawn from a seed of its own."""
    seed = (1_000, 500_000)[PHASES.index(phase)] + number
    rng = np.random.default_rng(seed)
    family = FAMILIES[number % len(FAMILIES)]
    choices = {"imbalanced": ("fundus",), "warm": ("fundus", "balanced"), "ordinary": ("digits",)}
    choices |= dict.fromkeys(("tiny", "noise"), ("digits", "balanced"))
    data = str(rng.choice(choices.get(family, ("fundus", "balanced", "digits"))))
    images, epochs, log_lr = RANGES[family]
    adamw = bool(rng.random() < 0.2) and family != "hot"
    settings = {
        "epochs": int(rng.integers(epochs[0], epochs[1] + 1)),
        "lr": float(f"{10 ** rng.uniform(*log_lr) * (0.1 if adamw else 1.0):.2g}"),
        "optimizer": "adamw" if adamw else "sgd",
        "batch_size": int(
            rng.choice({"tiny": (8,), "noise": (8, 16), "ordinary": (16,)}.get(family, (16, 32)))
        ),
        "schedule": str(rng.choice(("constant", "cosine"))),
        "augment": "none" if data == "digits" or rng.random() < 0.5 else "flip",
        "seed": int(rng.integers(2**31)),
        "image_size": SIZE_PX,
        "precision": "fp32",
    }
    return Scenario(
        number,
        seed,
        family,
        data,
        train_images=int(rng.integers(images[0], images[1] + 1)),
        test_images=int(rng.choice((100, 200))),
        noise=float(rng.choice((0.3, 0.6, 1.0))) if family == "noise" else 0.0,
        settings=settings,
    )
