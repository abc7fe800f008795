"""Declaration of a metric, and the values that one epoch has of all of them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from engine.metrics.evaluation import Evaluation

Split: TypeAlias = Literal["train", "test", "val", "eval_train"]
"""train: running averages of the epoch's own batches; eval_train: the train images evaluated after the last epoch."""
Number: TypeAlias = float | None
PerClass: TypeAlias = tuple[Number, ...]
Value: TypeAlias = Number | PerClass
Compute: TypeAlias = Callable[[Evaluation], Value]
Need: TypeAlias = Literal["ordered classes", "probabilities", "every class"]
Place: TypeAlias = Literal["report", "columns", "compare", "epochs"]
"""report: the table of all metrics; columns: optional on Home, and `ls --sort`; compare: the numbers of compared runs;
epochs: `show`'s table of epochs."""
SPLIT_WORDS: Mapping[Split, str] = {
    "train": "train (running average)", "val": "val", "test": "test", "eval_train": "train images afterwards",
}  # fmt: skip

SPLIT_HEADINGS: Mapping[Split, str] = {**SPLIT_WORDS, "train": "train (avg.)"}
"""The same where there is little room."""


@dataclass(frozen=True)
class Chart:
    """Chart of the run and compare screens; metrics that name the same one share it."""

    key: str
    title: str
    is_share: bool = False
    """Whether its axis is 0 to 1."""
    undefined: str = ""
    """Shown instead of curves where epochs were measured and none has a value."""


@dataclass(frozen=True, eq=False)
class Metric:
    """Declaration of a metric, read by everything that stores, prints, draws or selects by it. It equals itself alone,
    so that lists made from declarations can be kept."""

    name: str
    """Key of its splits other than test: `val_NAME`; and of select_on: `test_NAME`."""
    label: str
    """In words, as the report and the choice of columns give it."""
    short: str
    """The heading of a column."""
    compute: Compute | None = None
    """From a split's evaluation; None for what the training loop counts itself. Gives None where it is undefined."""
    splits: tuple[Split, ...] = ("test",)
    test_key: str = ""
    """Key for the test split in JSON and in the store, where it is not the name."""
    labels: Mapping[Split, str] = field(default_factory=dict, hash=False)
    """Labels of single splits that the rule does not give."""
    places: int = 3
    """Decimals in tables."""
    is_share: bool = False
    """A share of images, which the report gives in percent."""
    share_of: Literal["", "images", "referable", "not_referable", "seen_group", "unseen_group"] = ""
    """The test images that the share is of, for its interval; empty for none."""
    bounds: tuple[float, float] = (-math.inf, math.inf)
    """Least and greatest value that it can have; `is_share` implies 0 and 1."""
    lower_is_better: bool = False
    is_per_class: bool = False
    chart: Chart | None = None
    needs: frozenset[Need] = frozenset()
    """Of the data and the network: without it no epoch has a value."""
    is_selectable: bool = False
    """Whether select_on may name it, for test and for val."""
    shown_in: frozenset[Place] = frozenset({"report", "columns", "compare"})

    @property
    def limits(self) -> tuple[float, float]:
        """Return the bounds that an interval of its mean is kept within."""
        return (0.0, 1.0) if self.is_share else self.bounds


@dataclass(frozen=True)
class SplitMetric:
    """Metric of one split."""

    metric: Metric
    split: Split

    @functools.cached_property
    def key(self) -> str:
        """Return the key in JSON and in the table of epochs."""
        match self.split:
            case "train":
                return self.metric.name
            case "test":
                return self.metric.test_key or self.metric.name
            case "val" | "eval_train":
                return f"{self.split}_{self.metric.name}"
        assert_never(self.split)

    @property
    def label(self) -> str:
        """Return the name in words, with the split if it is not test."""
        label = self.metric.label
        by_rule = {"val": f"val {label}", "eval_train": f"{label} on the train images afterwards"}
        return self.metric.labels.get(self.split) or by_rule.get(self.split, label)

    @property
    def heading(self) -> str:
        """Return the heading of a column where splits are mixed: `AUC`, `val AUC`, `train loss`."""
        names_split = self.split == "val" or self.metric.name.startswith("train_")
        return f"{self.split} {self.metric.short}" if names_split else self.metric.short

    @property
    def select_on(self) -> str:
        """Return its name in select_on; empty if it cannot select."""
        may = self.metric.is_selectable and self.split in ("test", "val")
        return f"{self.split}_{self.metric.name}" if may else ""

    def is_in(self, place: Place) -> bool:
        return place in self.metric.shown_in

    def is_better(self, value: float, than: float) -> bool:
        return value < than if self.metric.lower_is_better else value > than


@dataclass(frozen=True)
class EpochValues:
    """Values of an epoch: one of each declared metric, None where it is undefined or was not measured."""

    epoch: int
    values: Mapping[str, Value]
    """By key."""

    def number(self, key: str) -> Number:
        """Raises KeyError for a metric that is not declared, TypeError for one that has a value of each class."""
        value = self.values[key]
        if isinstance(value, tuple):
            raise TypeError(f"{key} has a value of each class")
        return value

    def per_class(self, key: str) -> PerClass:
        """Return a value of each class; empty if not measured. Raises KeyError, TypeError as `number` does."""
        value = self.values[key]
        if isinstance(value, tuple):
            return value
        if value is None:
            return ()
        raise TypeError(f"{key} is one number")
