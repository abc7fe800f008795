"""Runs that the findings are measured on: families varied on purpose, each run drawn from a seed of its own."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

Phase: TypeAlias = Literal["development", "measurement"]
PHASES: tuple[Phase, ...] = ("development", "measurement")
SIZE_PX = 28
Range: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Family:
    """Ranges that the runs of a family are drawn from."""

    images: tuple[int, int]
    """Training images, fewest and most."""
    epochs: tuple[int, int]
    log_lr: Range
    """Decimal logarithm of SGD's learning rate, lowest and highest; AdamW takes a tenth."""
    sources: tuple[str, ...] = ("fundus", "fashion", "digits")
    shares: tuple[str, ...] = ("natural", "equal")
    """natural: the study's class shares, long tails elsewhere."""
    batches: tuple[int, ...] = (16, 32)
    schedules: tuple[str, ...] = ("constant", "cosine")
    adamw: float = 0.2
    """Share of its runs."""
    noise: tuple[float, ...] = (0.0,)
    """Share of the training labels that are drawn anew or swapped."""
    rises: bool = False
    """Whether the learning rate rises all through the run, by its warm-up."""


FAMILIES: dict[str, Family] = {
    "imbalanced": Family((100, 240), (2, 6), (-3.7, -1.5), ("fundus", "fashion"), ("natural",)),
    "slow": Family((80, 240), (2, 6), (-5.0, -2.5)),
    "hot": Family((80, 160), (2, 8), (-0.7, 3.0), adamw=0.0),
    "tiny": Family((30, 70), (10, 18), (-3.0, -1.5), shares=("equal",), batches=(16,)),
    "shuffled": Family((40, 120), (8, 16), (-3.0, -1.5), batches=(16, 32), noise=(0.3, 0.6, 1.0)),
    "swapped": Family((80, 200), (6, 12), (-2.5, -1.5), noise=(0.3, 0.6, 1.0, 1.0)),
    "warm": Family((60, 200), (3, 10), (-3.5, -0.3), ("fundus", "fashion")),
    "ordinary": Family((150, 360), (5, 12), (-2.5, -1.3)),
    "longtail": Family((160, 360), (6, 12), (-2.3, -1.0), ("fundus", "fashion"), ("natural",)),
    "long": Family((80, 200), (12, 18), (-2.7, -1.3)),
    "rising": Family((100, 240), (7, 12), (-0.5, 1.5), schedules=("constant",), adamw=0.0, rises=True),
    "restless": Family((100, 240), (7, 12), (-1.2, 0.5), batches=(16, 32), schedules=("constant", "onecycle")),
    "few-steps": Family((100, 360), (4, 10), (-2.0, -0.7), batches=(64, 128)),
}  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """Run to be trained: its data and its settings."""

    number: int
    seed: int
    family: str
    source: str
    """fundus, fashion or digits."""
    shares: tuple[float, ...]
    """Share of each class in training and test images."""
    train_images: int
    test_images: int
    noise: float
    network: Literal["resnet10", "resnet18"]
    """Of `narrow_resnets`."""
    settings: dict[str, Any]


NATURAL = (0.735, 0.070, 0.150, 0.025, 0.020)
"""Class shares of the study's data."""


def scenario(phase: Phase, number: int) -> Scenario:
    """Return run `number` of a phase."""
    seed = (2_000_000, 7_000_000)[PHASES.index(phase)] + number
    rng = np.random.default_rng(seed)
    name = list(FAMILIES)[number % len(FAMILIES)]
    family = FAMILIES[name]
    source, imbalance = str(rng.choice(family.sources)), str(rng.choice(family.shares))
    images = int(rng.integers(family.images[0], family.images[1] + 1))
    return Scenario(
        number,
        seed,
        name,
        source,
        _shares(source, imbalance, rng),
        train_images=images,
        test_images=int(rng.choice((100, 200, 200, 300))),
        noise=float(rng.choice(family.noise)),
        network="resnet18" if rng.random() < 0.15 and name != "warm" else "resnet10",
        settings=_settings(family, source, rng),
    )


def _shares(source: str, imbalance: str, rng: np.random.Generator) -> tuple[float, ...]:
    """Return class shares; photographs and digits take 2, 4, 7 or 10 of their classes, in an order of the run's own."""
    if source == "fundus":
        return NATURAL if imbalance == "natural" else (0.2,) * 5
    classes = int(rng.choice((2, 4, 7, 10)))
    if imbalance == "equal":
        return (1 / classes,) * classes
    fall = float(rng.uniform(0.1, 0.4)) if classes == 2 else float(rng.uniform(0.35, 0.75))
    tail = fall ** np.arange(classes)
    return tuple((tail / tail.sum()).tolist())


def _settings(family: Family, source: str, rng: np.random.Generator) -> dict[str, Any]:
    adamw = bool(rng.random() < family.adamw)
    epochs = int(rng.integers(family.epochs[0], family.epochs[1] + 1))
    lr = 10 ** rng.uniform(*family.log_lr) * (0.1 if adamw else 1.0)
    return {
        "epochs": epochs,
        "lr": float(f"{lr:.2g}"),
        "optimizer": "adamw" if adamw else "sgd",
        "batch_size": int(rng.choice(family.batches)),
        "schedule": str(rng.choice(family.schedules)),
        "warmup_epochs": epochs - 0.1 if family.rises else 0.0,
        "augment": "none" if source == "digits" or rng.random() < 0.5 else "flip",
        "seed": int(rng.integers(2**31)),
        "image_size": SIZE_PX,
        "precision": "fp32",
    }
