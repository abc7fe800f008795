"""Test sets of runs: whether runs were tested on the same images, as far as that is known."""

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from engine.spec.run_spec import RunSpec

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class TestSet:
    """Test images of a run, by what is known of them."""

    digest: str = ""
    """Hash of their names and labels by `digest_of`; empty where no predictions name them."""
    counts: tuple[int, ...] = ()
    """Test images of each class; empty before an epoch was measured."""
    fingerprint: str = ""
    """Fingerprint of the data; empty where it was not recorded."""
    split_seed: int = 0
    """Of a split that the program draws; data with their own test split have the same images for every seed."""
    fold: tuple[int, int] = (0, 0)
    """Folds, and the one that it is."""
    way: tuple[float, ...] = ()
    """Settings that runs share whose splits are drawn in the same way."""

    def is_same(self, other: "TestSet") -> bool | None:
        """Return whether both have the same images with the same labels; None where that is not known.

        Their names tell. Without them they are the same where data, split seed, fold and counts are: the size of a
        drawn split follows from its counts. For another split seed it is not known: the data may have their own."""
        if self.digest and other.digest:
            return self.digest == other.digest
        if self.fold != other.fold or (self.counts and other.counts and self.counts != other.counts):
            return False
        same_data = self._has_data_of(other)
        is_known = self.counts and other.counts and self.split_seed == other.split_seed
        return same_data if is_known or same_data is False else None

    def is_drawn_alike(self, other: "TestSet") -> bool | None:
        """Return whether both are of splits that were drawn in the same way of the same data; None if not known."""
        return self._has_data_of(other) if self.way == other.way else False

    def _has_data_of(self, other: "TestSet") -> bool | None:
        known = self.fingerprint and other.fingerprint
        return self.fingerprint == other.fingerprint if known else None


def test_set(spec: RunSpec, counts: Iterable[int], fingerprint: str | None, digest: str = "") -> TestSet:
    """Return the test set of a run: its settings, the test images of each class, and what else is known."""
    way = (spec.folds, spec.test_fraction)
    fold = (spec.folds, spec.fold)
    return TestSet(digest, tuple(counts), fingerprint or "", spec.split_seed, fold, way)


def digest_of(names: Iterable[str], labels: Iterable[int]) -> str:
    """Hash the names and labels of test images; their order does not matter."""
    lines = sorted(f"{name}\t{label}" for name, label in zip(names, labels, strict=True))
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:16]


def all_same(found: Iterable[TestSet]) -> bool | None:
    """Return whether all are one test set: False where two differ, None where none do and some are not known."""
    return of_all(found, TestSet.is_same)


def of_all(items: Iterable[T], relation: Callable[[T, T], bool | None]) -> bool | None:
    """Return whether a relation holds for all pairs: False where it does not for one, else None where that of one is
    not known.

    Items that are equal are asked for once, also against themselves: what is not known of them is alike."""
    count = Counter(items)
    pairs = [*combinations(count, 2), *((each, each) for each, times in count.items() if times > 1)]
    found = {relation(*pair) for pair in pairs}
    return False if False in found else None if None in found else True
