"""What knowing the other images of a test image's group would be worth, without looking at any image."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from engine.datasets.groups import shared_rows
from engine.datasets.index import Index


@dataclass(frozen=True)
class OtherMember:
    """Answering each test image with the label that most training images of its group have (of several such
    labels the lowest), without looking at an image."""

    images: int
    """Test images with a member of their group in train; `accuracy` and `kappa` are over these."""
    of: int
    """All test images; for the others `accuracy_all` and `kappa_all` answer train's most frequent class."""
    accuracy: float
    kappa: float | None
    """Quadratic; None where classes have no order."""
    accuracy_all: float
    kappa_all: float | None


def other_member(index: Index) -> OtherMember | None:
    """None where no test image shares a group with train."""
    shared = shared_rows(index.splits, index.groups)
    if not shared or index.groups is None:
        return None
    known: dict[str, Counter[int]] = defaultdict(Counter)
    for row in index.rows_of("train"):
        known[index.groups[row]][index.labels[row]] += 1
    usual = max(range(len(index.class_names)), key=index.counts("train").__getitem__)
    test = index.rows_of("test")
    answers = [_most(known[index.groups[row]]) if row in shared else usual for row in test]
    pairs = [(index.labels[row], answer) for row, answer in zip(test, answers, strict=True)]
    among = [pair for row, pair in zip(test, pairs, strict=True) if row in shared]
    return OtherMember(
        len(among), len(test), _accuracy(among), _kappa(among, index), _accuracy(pairs), _kappa(pairs, index)
    )


def _most(labels: Counter[int]) -> int:
    return min(labels, key=lambda label: (-labels[label], label))


def _accuracy(pairs: list[tuple[int, int]]) -> float:
    return sum(truth == answer for truth, answer in pairs) / len(pairs)


def _kappa(pairs: list[tuple[int, int]], index: Index) -> float | None:
    from engine.analysis.metrics import quadratic_kappa

    if not index.ordered:
        return None
    size = len(index.class_names)
    confusion = [[0] * size for _ in range(size)]
    for truth, answer in pairs:
        confusion[truth][answer] += 1
    return quadratic_kappa(confusion)
