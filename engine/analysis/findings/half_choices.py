"""Epochs that halves of the test images choose. What was computed for one judgement of a run serves the next."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Half: TypeAlias = NDArray[np.bool_]
    """Whether each image is in it."""
    Predicted: TypeAlias = NDArray[np.uint16]
    """Predicted class of each image."""


class HalfChoices:
    """Value of every half at each epoch. The predictions of an epoch stay as they were judged, so that each epoch is
    computed once in a run's training."""

    def __init__(self) -> None:
        self._name, self._classes = "", 0
        self._values: dict[int, NDArray[np.float64]] = {}
        """By epoch; a value for each half."""
        self._highest: dict[int, int] = {}
        """Highest predicted class of each epoch."""

    def chosen(
        self,
        name: str,
        epochs: Sequence[int],
        halves: "Sequence[Half]",
        labels: "NDArray[np.int64]",
        predicted: "Callable[[int], Predicted | None]",
    ) -> list[int] | None:
        """Return the epoch that each half chooses by a `select_on` of CHOOSERS, the first of equals; None where the
        predictions of an epoch were not kept. `halves` and `labels` are the same at every call."""
        import numpy as np

        fresh: dict[int, Predicted] = {}
        for epoch in epochs:
            if epoch not in self._highest:
                found = predicted(epoch)
                if found is None:
                    return None
                fresh[epoch], self._highest[epoch] = found, int(found.max())
        classes = max(int(labels.max()), *(self._highest[epoch] for epoch in epochs)) + 1
        if (name, classes) != (self._name, self._classes):
            self._name, self._classes, self._values = name, classes, {}
        for epoch in epochs:
            if epoch not in self._values:
                found = fresh[epoch] if epoch in fresh else predicted(epoch)
                if found is None:
                    return None
                self._values[epoch] = self._of_halves(found, halves, labels)
        best = np.stack([self._values[epoch] for epoch in epochs]).argmax(axis=0)
        return [epochs[place] for place in map(int, best)]

    def _of_halves(
        self, predicted: "Predicted", halves: "Sequence[Half]", labels: "NDArray[np.int64]"
    ) -> "NDArray[np.float64]":
        """Return the value of each half at an epoch."""
        import numpy as np

        from engine.analysis.comparison.optimism import CHOOSERS

        if self._name == "test_acc":  # without a matrix of all classes
            right = predicted == labels
            return np.array([right[half].mean() for half in halves], dtype=np.float64)
        size, cells = self._classes**2, labels * self._classes + predicted
        values = []
        for half in halves:
            counts = np.bincount(cells[half], minlength=size).astype(np.float64)
            values.append(float(CHOOSERS[self._name](counts.reshape(1, self._classes, self._classes))[0]))
        return np.array(values, dtype=np.float64)
