"""Record of a trained run: all that a rule may need, and the fresh looks that its truths are told from.

A run is two files: NUMBER.json (spec, class counts, each epoch's metrics) and NUMBER.npz (arrays)."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.finding_rates.looks import Look, weights_like


@dataclass(frozen=True)
class Record:
    """Recorded run."""

    about: dict[str, Any]
    """number, family, source, noise, spec, train_counts, test_counts, diverged_step, class_names, ordered, seconds."""
    epochs: list[dict[str, Any]]
    """Every declared metric of each epoch, from epoch 0 on."""
    arrays: dict[str, NDArray[Any]]
    """predictions (epochs × test images), scores (× classes), test_labels; fresh_labels; looks, look_predictions and
    look_nll (looks × fresh images); again (looks × NLL and accuracy of the training images); watched_predictions
    (epochs × the first fresh images); later_…, settled_… as look_….

    Arrays of fresh images are absent where the run diverged."""

    @property
    def is_finite(self) -> bool:
        return self.about["diverged_step"] is None and bool(np.isfinite(self.arrays["look_nll"]).all())

    @property
    def classes(self) -> int:
        return len(self.about["class_names"])

    @property
    def ordered(self) -> bool:
        return bool(self.about["ordered"])

    @property
    def test_labels(self) -> NDArray[np.int64]:
        return self.arrays["test_labels"].astype(np.int64)

    @property
    def predictions(self) -> NDArray[np.int64]:
        return self.arrays["predictions"].astype(np.int64)

    @cached_property
    def test_shares(self) -> NDArray[np.float64]:
        return np.bincount(self.test_labels, minlength=self.classes) / len(self.test_labels)

    @property
    def best_on_test(self) -> int:
        """Epoch of the highest test accuracy, the earlier of equals; epoch 0 counts for warm starts."""
        right = (self.predictions == self.test_labels).mean(axis=1)
        first = 0 if self.about["family"] == "warm" else 1
        return first + int(right[first:].argmax())

    def _look(self, predictions: NDArray[Any], nll: NDArray[Any]) -> Look:
        labels = self.arrays["fresh_labels"][: len(predictions)].astype(np.int64)
        weights = weights_like(labels, self.test_labels)
        return Look(labels, predictions.astype(np.int64), nll.astype(np.float64), weights)

    @cached_property
    def looks(self) -> dict[int, Look]:
        """Looks by epoch."""
        rows = zip(self.arrays["look_predictions"], self.arrays["look_nll"], strict=True)
        return {int(epoch): self._look(*row) for epoch, row in zip(self.arrays["looks"], rows, strict=True)}

    @property
    def end(self) -> Look:
        return self.looks[max(self.looks)]

    @cached_property
    def again(self) -> dict[int, tuple[float, float]]:
        """NLL and accuracy of the training images in evaluation mode, by epoch looked at."""
        pairs = zip(self.arrays["looks"], self.arrays["again"], strict=True)
        return {int(epoch): (float(row[0]), float(row[1])) for epoch, row in pairs}

    @cached_property
    def watched(self) -> list[Look]:
        """Looks at a part of the fresh images after each epoch, from 0 on."""
        return [self._look(row, np.zeros(len(row))) for row in self.arrays["watched_predictions"]]

    @cached_property
    def later(self) -> list[Look]:
        """Looks halfway and at the end of going on."""
        rows = zip(self.arrays["later_predictions"], self.arrays["later_nll"], strict=True)
        return [self._look(*row) for row in rows]

    @property
    def settled(self) -> Look:
        """Look with BatchNorm's statistics measured anew on the training images."""
        return self._look(self.arrays["settled_predictions"][0], self.arrays["settled_nll"][0])


def save(folder: Path, record: Record) -> None:
    """Write the arrays first: a run whose .json is there is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{record.about['number']:04d}"
    with open(folder / f"{name}.npz.part", "wb") as file:
        np.savez_compressed(file, **record.arrays)  # type: ignore[arg-type]
    os.replace(folder / f"{name}.npz.part", folder / f"{name}.npz")
    part = folder / f"{name}.json.part"
    part.write_text(json.dumps({"about": record.about, "epochs": record.epochs}))
    os.replace(part, folder / f"{name}.json")


def recorded(folder: Path) -> Iterator[Record]:
    """Read the runs of a folder in the order of their numbers."""
    for path in sorted(folder.glob("*.json")):
        stored = json.loads(path.read_text())
        with np.load(path.with_suffix(".npz")) as arrays:
            yield Record(stored["about"], stored["epochs"], {name: arrays[name] for name in arrays.files})
