"""Accuracy that knowing the group of a test image alone would give, without looking at any image."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from engine.datasets.groups import shared_rows
from engine.datasets.index import Index


@dataclass(frozen=True)
class OtherMember:
    """Scores of a predictor that looks at no image: it predicts the most frequent label of the group in train.

    Of several most frequent labels it takes the lowest."""

    images: int
    """Test images whose group has images in train; `accuracy` and `kappa` are over these."""
    of: int
    """All test images; `accuracy_all` and `kappa_all` take train's most frequent class for the rest of them."""
    accuracy: float
    kappa: float | None
    """Quadratic weighted kappa; None where classes have no order."""
    accuracy_all: float
    kappa_all: float | None


def other_member(index: Index) -> OtherMember | None:
    """Score the predictor that knows only the groups; None where no test image shares a group with train."""
    shared = shared_rows(index.splits, index.groups)
    if not shared or index.groups is None:
        return None
    known: dict[str, Counter[int]] = defaultdict(Counter)
    for row in index.rows_of("train"):
        known[index.groups[row]][index.labels[row]] += 1
    usual = max(range(len(index.class_names)), key=index.counts("train").__getitem__)
    test = index.rows_of("test")
    predictions = [_most(known[index.groups[row]]) if row in shared else usual for row in test]
    pairs = [(index.labels[row], predicted) for row, predicted in zip(test, predictions, strict=True)]
    among = [pair for row, pair in zip(test, pairs, strict=True) if row in shared]
    return OtherMember(
        len(among), len(test), _accuracy(among), _kappa(among, index), _accuracy(pairs), _kappa(pairs, index)
    )


def _most(labels: Counter[int]) -> int:
    return min(labels, key=lambda label: (-labels[label], label))


def _accuracy(pairs: list[tuple[int, int]]) -> float:
    return sum(truth == predicted for truth, predicted in pairs) / len(pairs)


def _kappa(pairs: list[tuple[int, int]], index: Index) -> float | None:
    from engine.metrics.counts import quadratic_kappa

    if not index.ordered:
        return None
    size = len(index.class_names)
    confusion = [[0] * size for _ in range(size)]
    for truth, predicted in pairs:
        confusion[truth][predicted] += 1
    return quadratic_kappa(confusion)
