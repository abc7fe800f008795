"""Index of a data set: the table of (image, label, split, group) that a run trains and tests on."""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.labels.classes import classes_in_words
from engine.datasets.formats.labels.grades import Order
from engine.datasets.formats.problems import raise_first
from engine.datasets.formats.split_names import SPLITS as SPLITS
from engine.problem import NameSetting, Problem, errors_of, setting_words, warnings_of

SKIPPED = "skipped"
"""Split of an image that is missing or cannot be read; the image keeps its row in the index."""
LEFT_OUT = "left out"
"""Split of a test image of data that a cross-validation of their train images does not touch."""


@dataclass(frozen=True)
class Index:
    """All images of a data set in a fixed order; the tuples are parallel."""

    kind: str
    """Layout in words."""
    root: Path | None
    """Folder that `names` are relative to; None for a built-in set."""
    names: tuple[str, ...]
    labels: tuple[int, ...]
    splits: tuple[str, ...]
    groups: tuple[str, ...] | None
    """Group of each image; images that belong together (two eyes of a patient) have the same text."""
    class_names: tuple[str, ...]
    order: Order
    fingerprint: str
    """Hash of names, labels, given splits and groups, in their order. It depends neither on the folder of the data
    nor on which of the files exist."""
    group_rule: str = ""
    """Rule that the groups come from: a column's name or a pattern in words."""
    has_class_folders: bool = False
    """True where each folder inside `root` is a class."""

    @property
    def ordered(self) -> bool:
        """Tell whether the classes are grades, so that a near miss is better than a far one."""
        return self.order.is_ordered

    @property
    def digest(self) -> str:
        """Hash of the fingerprint and of all splits, drawn ones too; a run resumes only where it is unchanged."""
        text = "\n".join([self.fingerprint, *self.splits])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def rows_of(self, split: str) -> list[int]:
        return [row for row, each in enumerate(self.splits) if each == split]

    @property
    def used(self) -> list[int]:
        """Rows that are in a split."""
        return [row for row, each in enumerate(self.splits) if each in SPLITS]

    def counts(self, split: str) -> list[int]:
        """Count a split's images of each class."""
        found = Counter(label for label, each in zip(self.labels, self.splits, strict=True) if each == split)
        return [found[label] for label in range(len(self.class_names))]

    def empty_classes(self, split: str) -> tuple[str, ...]:
        """Return the names of the classes without images in a split."""
        return tuple(
            name for name, count in zip(self.class_names, self.counts(split), strict=True) if not count
        )

    @property
    def groups_used(self) -> Counter[str]:
        """Number of images of each group; images that are in no split do not count."""
        return Counter(self.groups[row] for row in self.used) if self.groups else Counter()

    def baseline(self, split: str = "test") -> float:
        """Return the accuracy of predicting the split's most frequent class for every image."""
        counts = self.counts(split)
        return max(counts) / sum(counts)

    def describe(self, name_setting: NameSetting = setting_words) -> str:
        """Describe the index in one line: layout, images of each split, classes, baseline, groups.

        `name_setting` words the setting that would turn the order of the classes round."""
        return f"{self.describe_images()}, {self.describe_classes(name_setting)}"

    def describe_images(self) -> str:
        """Describe the layout and the number of images of each split."""
        present = [name for name in SPLITS if name in self.splits]
        parts = [f"{len(self.rows_of(name)):,} {name}" for name in present]
        left_out = self.splits.count(LEFT_OUT)
        parts += [f"the data's own {left_out:,} test images left out"] if left_out else []
        return f"{self.kind}: {', '.join(parts)}"

    def describe_classes(self, name_setting: NameSetting = setting_words) -> str:
        """Describe the classes with their images in the first split, their order, the baseline and the groups."""
        split = next(name for name in SPLITS if name in self.splits)
        classes = classes_in_words(self.class_names, self.counts(split))
        parts = [f"{len(self.class_names)} classes ({split}: {classes})"]
        parts += filter(None, [self.order.said(name_setting)])
        parts.append(f"baseline {self.baseline():.4f}")
        parts += [f"{len(self.groups_used):,} groups by {self.group_rule}"] if self.groups else []
        return ", ".join(parts)

    def with_classes(self, names: Sequence[str]) -> "Index":
        """Return the index with its classes numbered as in `names`; as it is where `names` lacks one of them."""
        if not set(self.class_names) <= set(names):
            return self
        place = {name: number for number, name in enumerate(names)}
        labels = tuple(place[self.class_names[label]] for label in self.labels)
        return dataclasses.replace(self, labels=labels, class_names=tuple(names))


@dataclass(frozen=True)
class Survey:
    """Index of a data set and every problem that was found in it."""

    index: Index | None
    """Index of the rows with a name and a label, or None where there are none; missing images are in no split."""
    why: str
    """Evidence that the layout was recognised by."""
    problems: tuple[Problem, ...]
    own_splits: tuple[str, ...] = ()
    """Splits that the data have themselves; the others were drawn."""
    missing: frozenset[int] = frozenset()
    """Rows of the index whose files do not exist."""

    @property
    def usable(self) -> bool:
        return self.index is not None and not errors_of(self.problems)

    @property
    def warnings(self) -> list[Problem]:
        return warnings_of(self.problems)

    def is_drawn(self, split: str) -> bool:
        """Tell whether the program drew a split of the index: train too, where it drew all of them, and the fold that
        stands for a test split of the data's own."""
        if self.index is not None and split == "test" and LEFT_OUT in self.index.splits:
            return True
        return split not in self.own_splits and not (split == "train" and bool(self.own_splits))

    def checked(self) -> Index:
        """Return the index; raise the first error as a DataError."""
        raise_first(self.problems)
        assert self.index is not None
        return self.index
