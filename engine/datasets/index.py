"""The table of (image, label, split, group) that a run trains and tests on."""

import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.layouts import DataError, Layout, Row, recognise

MAX_LABEL = 200
EYE = re.compile(r"^(?P<patient>.+)_(left|right)$")


@dataclass(frozen=True)
class Index:
    """All images of a data set in a fixed order; the tuples run in parallel."""

    kind: str
    """The layout in words."""
    root: Path | None
    """The folder that `names` start from; None for a built-in set."""
    names: tuple[str, ...]
    labels: tuple[int, ...]
    splits: tuple[str, ...]
    groups: tuple[str, ...] | None
    """Images that belong together (two eyes of a patient) carry the same text."""
    class_names: tuple[str, ...]
    ordered: bool
    """Are the classes grades, so that a near miss is better than a far one?"""
    fingerprint: str
    """Of names, labels and given splits; it does not depend on where the data lie."""

    def rows_of(self, split: str) -> list[int]:
        return [row for row, each in enumerate(self.splits) if each == split]

    def counts(self, split: str) -> list[int]:
        """Images of each class."""
        found = Counter(label for label, each in zip(self.labels, self.splits, strict=True) if each == split)
        return [found[label] for label in range(len(self.class_names))]

    def baseline(self, split: str = "test") -> float:
        """The accuracy of always answering the split's most frequent class."""
        counts = self.counts(split)
        return max(counts) / sum(counts)

    def describe(self) -> str:
        """One line: layout, images of each split, classes, baseline."""
        present = [name for name in ("train", "val", "test") if name in self.splits]
        splits = [f"{len(self.rows_of(name)):,} {name}" for name in present]
        return f"{self.kind}: {', '.join(splits)}, {len(self.class_names)} classes, baseline {self.baseline():.4f}"


def index_folder(path: Path, *, test_fraction: float) -> Index:
    """Recognise a folder and index it. Raises DataError with one line that says what to do."""
    return index_layout(recognise(path), test_fraction=test_fraction)


def index_layout(layout: Layout, *, test_fraction: float) -> Index:
    rows = layout.rows
    _check_text(rows)
    _check_names_are_unique(rows)
    class_names, ordered = _classes(rows)
    number_of = {name: number for number, name in enumerate(class_names)}
    labels = [number_of[_normal(row.label)] for row in rows]
    files = [row.file for row in rows]
    return make_index(
        kind=layout.kind,
        root=layout.root,
        names=files,
        labels=labels,
        splits=[row.split for row in rows],
        groups=_groups(files),
        class_names=class_names,
        ordered=ordered,
        test_fraction=test_fraction,
    )


def make_index(
    *,
    kind: str,
    root: Path | None,
    names: list[str],
    labels: list[int],
    splits: list[str | None],
    groups: list[str] | None,
    class_names: tuple[str, ...],
    ordered: bool,
    test_fraction: float,
) -> Index:
    """Check the table and give images without a test split one. Raises DataError."""
    table = zip(names, labels, splits, strict=True)
    text = "\n".join(f"{name}\t{class_names[label]}\t{split or ''}" for name, label, split in table)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
    whole = [split or "" for split in splits]
    if "test" not in whole:
        whole = _split_off_test(names, labels, whole, groups, test_fraction, fingerprint)
    index = Index(
        kind,
        root,
        tuple(names),
        tuple(labels),
        tuple(whole),
        tuple(groups) if groups else None,
        class_names,
        ordered,
        fingerprint,
    )
    for split in ("train", "test") if test_fraction < 1 else ("test",):
        if not index.rows_of(split):
            raise DataError(f"{root or kind} has no {split} images: add some or change test_fraction")
    return index


def _check_text(rows: tuple[Row, ...]) -> None:
    for row in rows:
        for text in (row.file, row.label):
            if len(row.label) > MAX_LABEL:
                raise DataError(
                    f"the label of image {row.file!r} has over {MAX_LABEL} characters: shorten it"
                )
            if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
                raise DataError(f"name {text!r} is not UTF-8: rename it")


def _check_names_are_unique(rows: tuple[Row, ...]) -> None:
    seen: dict[str, str | None] = {}
    for row in rows:
        if row.file in seen:
            where = "twice" if seen[row.file] == row.split else f"in {seen[row.file]} and in {row.split}"
            raise DataError(f"image {row.file!r} is listed {where}: take one of its rows out")
        seen[row.file] = row.split


def _classes(rows: tuple[Row, ...]) -> tuple[tuple[str, ...], bool]:
    """Class names in order, and whether they are grades: whole numbers from 0, of which most occur."""
    found = {_normal(row.label) for row in rows}
    if "" in found:
        raise DataError(
            f"image {next(row.file for row in rows if not row.label)!r} has no label: give it one"
        )
    if len(found) < 2:
        raise DataError(f"all images have the label {found.pop()!r}: there must be two classes or more")
    if all(name.isdecimal() for name in found):
        numbers = sorted(map(int, found))
        if numbers[-1] > len(numbers):  # one grade may lack
            raise DataError(
                f"label {numbers[-1]} is too large for {len(numbers)} classes: number them from 0"
            )
        return tuple(str(number) for number in range(numbers[-1] + 1)), True
    return tuple(sorted(found)), False


def _normal(label: str) -> str:
    """`01` and `1` are one class."""
    return str(int(label)) if label.isdecimal() else label


def _groups(files: list[str]) -> list[str] | None:
    """Patients, where most file names are `<patient>_left` or `<patient>_right`."""
    stems = [Path(file).stem for file in files]
    matches = [EYE.match(stem) for stem in stems]
    if sum(match is not None for match in matches) * 2 < len(files):
        return None
    return [match["patient"] if match else stem for match, stem in zip(matches, stems, strict=True)]


def _split_off_test(
    names: list[str],
    labels: list[int],
    splits: list[str],
    groups: list[str] | None,
    fraction: float,
    fingerprint: str,
) -> list[str]:
    """Put a share of the groups of each class into `test`: by the data's fingerprint, so that every run of
    these data has the same split. A group counts as its highest class."""
    members: dict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(groups or names):
        if splits[row] in ("", "train"):
            members[group].append(row)
    strata: dict[int, list[str]] = defaultdict(list)
    for group, rows in members.items():
        strata[max(labels[row] for row in rows)].append(group)
    result = [split or "train" for split in splits]
    for stratum in strata.values():
        order = sorted(stratum, key=lambda group: hashlib.sha256(f"{fingerprint}/{group}".encode()).digest())
        for group in order[: round(len(order) * fraction)]:
            for row in members[group]:
                result[row] = "test"
    return result
