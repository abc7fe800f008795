"""Confusion matrices of a run by epoch, unpacked only where one is looked at: those of 1,000 classes and 100 epochs
would take most of a gigabyte."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.store.history import PackedMatrix
from tui.detail_view import MatrixView

KEPT = 8
"""Matrices that stay unpacked: a screen draws the same few again and again."""


@dataclass(frozen=True)
class RunMatrices(Mapping[int, MatrixView]):
    """Matrix of each epoch, in order."""

    packed: Mapping[int, PackedMatrix]
    class_names: tuple[str, ...]
    epochs: int
    """Planned epochs."""

    def __getitem__(self, epoch: int) -> MatrixView:
        return MatrixView(_counts(self.packed[epoch]), self.class_names, epoch, self.epochs)

    def __iter__(self) -> Iterator[int]:
        return iter(self.packed)

    def __len__(self) -> int:
        return len(self.packed)

    def __contains__(self, epoch: object) -> bool:
        return epoch in self.packed


@functools.lru_cache(maxsize=KEPT)
def _counts(packed: PackedMatrix) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, packed.unpacked()))
