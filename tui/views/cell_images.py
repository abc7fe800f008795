"""Images in one cell of a confusion matrix, and the position of the viewer among them. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.formatting import plain

if TYPE_CHECKING:  # numpy is loaded only when images are opened
    from engine.files.epoch_predictions import Answers


@dataclass(frozen=True)
class Place:
    """Position of the viewer: epoch, cell (label, predicted class), and image by its number in the test split."""

    epoch: int
    label: int
    answer: int
    image: int | None = None
    is_reversed: bool = False
    """True where the least confident predictions come first."""


@dataclass(frozen=True)
class ImageFacts:
    name: str
    score: float | None
    history: tuple[int | None, ...]
    """Predicted class after each epoch, from 0 on; None where it is not known."""


class CellImages:
    """Predictions of a run, by cell; its methods return the images at a position, and the next position."""

    def __init__(self, answers: "Answers", classes: int, *, are_grades: bool) -> None:
        self._answers, self._classes = answers, classes
        self._highest = classes - 1 if are_grades else None

    @property
    def last_epoch(self) -> int:
        return len(self._answers.answers) - 1

    def is_known(self, epoch: int) -> bool:
        return self._answers.is_known(epoch)

    def images(self, place: Place) -> list[int]:
        found = self._answers.cell(place.epoch, place.label, place.answer, highest=self._highest)
        return found[::-1] if place.is_reversed else found

    def settle(self, place: Place) -> Place:
        """Move to an existing epoch and an image of the cell: the same image where the cell has it, else the first."""
        place = replace(place, epoch=min(max(place.epoch, 0), max(self.last_epoch, 0)))
        images = self.images(place)
        if place.image in images:
            return place
        return replace(place, image=images[0] if images else None)

    def number(self, place: Place) -> int:
        """Return the image's index in the list, from 0 on."""
        return self.images(place).index(place.image) if place.image is not None else 0

    def step(self, place: Place, by: int) -> Place:
        images = self.images(place)
        if not images:
            return place
        return replace(place, image=images[min(max(self.number(place) + by, 0), len(images) - 1)])

    def facts(self, image: int, epoch: int) -> ImageFacts:
        score = float(self._answers.scores[epoch, image])
        history = [int(answer) for answer in self._answers.answers[:, image]]
        return ImageFacts(
            plain(self._answers.names[image]),
            None if math.isnan(score) else score,
            tuple(answer if answer < self._classes else None for answer in history),
        )

    def name(self, image: int) -> str:
        """Return the image's name as it stands in the index of the data."""
        return self._answers.names[image]

    def label(self, image: int) -> int:
        return int(self._answers.labels[image])


def window(count: int, at: int, room: int) -> range:
    """Return the part of a list of `count` lines that fits into `room` lines, with line `at` near its middle."""
    first = min(max(at - room // 2, 0), max(count - room, 0))
    return range(first, min(first + room, count))


def epochs_seen(history: Sequence[int | None], epoch: int, room: int) -> range:
    """Return the epochs of a history that fit into `room` columns of equal width."""
    return window(len(history), epoch, max(room, 1))
