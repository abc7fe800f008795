"""Pooled out-of-fold predictions of a cross-validation: each image predicted by the run that did not train on it."""

from dataclasses import dataclass

from engine.analysis.groups import Moment


@dataclass(frozen=True)
class Pooled:
    """Predictions of all images by one repetition of a cross-validation."""

    run_ids: tuple[int, ...]
    """By fold."""
    moment: Moment
    class_names: tuple[str, ...]
    confusion: list[list[int]]
    """Counts over all folds, row = true class, column = predicted class."""
    accuracy: float
    low: float
    """Ends of the accuracy's 95 % interval, which counts groups where images come in groups."""
    high: float
    images: int
    groups: int
    rule: str
    """Rule of the groups; empty where each image is its own."""


@dataclass(frozen=True)
class PooledFolds:
    """Repetitions of a cross-validation that could be pooled, at least one, and those that could not."""

    repetitions: tuple[Pooled, ...]
    left_out: tuple[str, ...] = ()
    """Runs of each repetition that could not be pooled, with the reason."""
