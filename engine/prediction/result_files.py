"""Writers of predictions, as CSV lines or as one JSON document, and the progress line."""

import csv
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.text import csv_cell, csv_path, plain

PROGRESS_EVERY_S = 2.0


@dataclass(frozen=True)
class Prediction:
    """Predicted class of one image."""

    image: str
    answer: str
    """Name of the predicted class."""
    score: float
    """Probability of the predicted class, or the grade of a network with one output."""
    probabilities: tuple[float, ...] | None
    """Probability of each class, in class order; None for a network with one output."""
    picture: str | None = None
    """Path of the image's class-activation map; None where none was asked for."""


class Writer(Protocol):
    """Writer of predictions, one by one."""

    def write(self, prediction: Prediction) -> None: ...
    def close(self, unreadable: Sequence[str]) -> None: ...


class CsvWriter:
    """Writer of CSV with the columns image, answer, score."""

    def __init__(self) -> None:
        self._table = csv.writer(sys.stdout, lineterminator="\n")
        self._table.writerow(["image", "answer", "score"])
        # A name may contain control characters: remove them for a terminal, keep them for a file or a program.
        self._shown = plain if sys.stdout.isatty() else str

    def write(self, prediction: Prediction) -> None:
        name, answer = csv_path(prediction.image), csv_cell(prediction.answer)
        self._table.writerow([self._shown(name), self._shown(answer), f"{prediction.score:.6f}"])

    def close(self, unreadable: Sequence[str]) -> None:
        sys.stdout.flush()


class JsonWriter:
    """Writer of one JSON document, piece by piece, because the text of a large folder may not fit into memory."""

    def __init__(self, class_names: Sequence[str]) -> None:
        print(f'{{"class_names": {json.dumps(class_names)}, "predictions": [', end="")
        self._separator = "\n"

    def write(self, prediction: Prediction) -> None:
        document = {name: value for name, value in vars(prediction).items() if name != "picture" or value}
        print(self._separator + json.dumps(document), end="")
        self._separator = ",\n"

    def close(self, unreadable: Sequence[str]) -> None:
        print(f'\n], "unreadable": {json.dumps(list(unreadable))}}}', flush=True)


class Progress:
    """Counter of predicted images, printed every few seconds."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()
        self.done = 0

    def count(self) -> None:
        self.done += 1
        if time.monotonic() - self._told > PROGRESS_EVERY_S:
            self.tell()

    def tell(self) -> None:
        self._told = time.monotonic()
        speed = self.done / max(self._told - self._began, 1e-9)
        print(f"{self.done:,} image{'s' * (self.done != 1)}, {speed:.0f}/s", file=sys.stderr, flush=True)
