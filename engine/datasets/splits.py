"""Draw a split: whole groups, stratified by class, the same for the same data."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence


def split_seed(lines: Iterable[str]) -> str:
    """Hash the images' lines (name, label, given split), whatever their order, into the seed of a draw."""
    ordered = sorted(lines, key=lambda line: (len(line), line))
    return hashlib.sha256("\n".join(ordered).encode()).hexdigest()[:16]


def draw_split(
    rows: Sequence[int], labels: Sequence[int], groups: Sequence[str], fraction: float, seed: str
) -> set[int]:
    """Draw about `fraction` of the images at `rows`, whole groups only; `labels` and `groups` are of all images.

    Groups come in an order that `seed` and their names fix, those with the rarest class first. A group is taken where
    it brings the share taken of each of its classes nearer to the fraction. A class that is in several groups gets at
    least one image on either side, where a group is small enough for that."""
    members: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        members[groups[row]].append(row)
    contents = {group: Counter(labels[row] for row in inside) for group, inside in members.items()}
    sizes = Counter(labels[row] for row in rows)
    spread = Counter(label for content in contents.values() for label in content)
    left = {label: _target(size, fraction, spread[label] > 1) for label, size in sizes.items()}
    taken: set[int] = set()
    for group in sorted(members, key=lambda each: _place(each, contents[each], sizes, seed)):
        content = contents[group]
        gain = sum(
            (abs(left[label]) - abs(left[label] - count)) / sizes[label] for label, count in content.items()
        )
        if gain > 1e-12:
            taken.update(members[group])
            for label, count in content.items():
                left[label] -= count
    return taken


def draw_folds(
    rows: Sequence[int], labels: Sequence[int], groups: Sequence[str], folds: int, seed: str
) -> dict[int, int]:
    """Divide the images at `rows` into folds from 1 on, whole groups only; `labels` and `groups` are of all images.

    Groups come in the order of `draw_split`, of those with the same rarest class the largest first. Each goes into the
    fold that lacks most of its classes and of images at all, the first of equals."""
    members: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        members[groups[row]].append(row)
    contents = {group: Counter(labels[row] for row in inside) for group, inside in members.items()}
    sizes = Counter(labels[row] for row in rows)
    left = [{label: size / folds for label, size in sizes.items()} for _ in range(folds)]
    room = [len(rows) / folds] * folds
    fold_of: dict[int, int] = {}

    def order(group: str) -> tuple[int, int, int, bytes]:
        size, label, name = _place(group, contents[group], sizes, seed)
        return size, label, -len(members[group]), name

    def lack(fold: int, content: Counter[int]) -> float:
        of_classes = sum(count * left[fold][label] / sizes[label] for label, count in content.items())
        return of_classes + content.total() * room[fold] / len(rows)

    for group in sorted(members, key=order):
        content = contents[group]
        fold = max(range(folds), key=lambda each: (lack(each, content), -each))  # noqa: B023
        fold_of |= dict.fromkeys(members[group], fold + 1)
        room[fold] -= content.total()
        for label, count in content.items():
            left[fold][label] -= count
    return fold_of


def _target(size: int, fraction: float, is_divisible: bool) -> float:
    return min(max(size * fraction, 1), size - 1) if is_divisible else size * fraction


def _place(group: str, content: Counter[int], sizes: Counter[int], seed: str) -> tuple[int, int, bytes]:
    rarest = min((sizes[label], label) for label in content)
    return (*rarest, hashlib.sha256(f"{seed}/{group}".encode()).digest())
