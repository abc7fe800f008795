"""How predictions are written down while they come: CSV lines or one JSON document, and progress beside."""

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
    image: str
    answer: str
    score: float
    """The answer's probability, or the grade of a network that has one output."""
    probabilities: tuple[float, ...] | None
    """One for each class, in their order; None where there is but a grade."""


class Writer(Protocol):
    """Whoever writes predictions down as they come."""

    def write(self, prediction: Prediction) -> None: ...
    def close(self, unreadable: Sequence[str]) -> None: ...


class CsvWriter:
    """image, answer, score: a line each."""

    def __init__(self) -> None:
        self._table = csv.writer(sys.stdout, lineterminator="\n")
        self._table.writerow(["image", "answer", "score"])
        # A name may hold what steers a terminal; a file or a program gets it as it is.
        self._shown = plain if sys.stdout.isatty() else str

    def write(self, prediction: Prediction) -> None:
        name, answer = csv_path(prediction.image), csv_cell(prediction.answer)
        self._table.writerow([self._shown(name), self._shown(answer), f"{prediction.score:.6f}"])

    def close(self, unreadable: Sequence[str]) -> None:
        sys.stdout.flush()


class JsonWriter:
    """One document, written as it grows: a folder may hold more images than fit into memory as text."""

    def __init__(self, class_names: Sequence[str]) -> None:
        print(f'{{"class_names": {json.dumps(class_names)}, "predictions": [', end="")
        self._separator = "\n"

    def write(self, prediction: Prediction) -> None:
        print(self._separator + json.dumps(vars(prediction)), end="")
        self._separator = ",\n"

    def close(self, unreadable: Sequence[str]) -> None:
        print(f'\n], "unreadable": {json.dumps(list(unreadable))}}}', flush=True)


class Progress:
    """How many images were answered, told every few seconds."""

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
