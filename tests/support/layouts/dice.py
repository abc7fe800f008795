"""Choices of a generator: drawn by Hypothesis, which shrinks them, or by a seeded generator of random numbers."""

import functools
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Dice:
    """Source of choices; the first option of each is the plainest, so that a failure shrinks to plain things."""

    def __init__(self, number: Callable[[int, int], int]) -> None:
        self.number = number
        """Draws a whole number between two, both included."""

    @classmethod
    def drawn(cls, draw: st.DrawFn) -> "Dice":
        return cls(lambda low, high: draw(_numbers(low, high)))

    @classmethod
    def seeded(cls, seed: int) -> "Dice":
        return cls(random.Random(seed).randint)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.number(0, len(options) - 1)]

    def chance(self, one_in: int = 2) -> bool:
        return self.number(0, one_in - 1) == one_in - 1

    def shuffled(self, items: Sequence[T]) -> list[T]:
        return random.Random(self.number(0, 9999)).sample(list(items), len(items))

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """Return none to `most` of the options."""
        return self.shuffled(options)[: self.number(0, most)]


@functools.cache
def _numbers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)
