"""Index of a data set: the table of (image, label, split, group) that a run trains and tests on."""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.cells import is_missing, normal
from engine.datasets.formats.labels.class_checks import near_classes, untrained_classes
from engine.datasets.formats.labels.classes import classes_in_words, find_classes, missing_classes
from engine.datasets.formats.labels.doubtful_labels import doubtful_labels
from engine.datasets.formats.labels.grades import Order, find_order
from engine.datasets.formats.names.image_names import without_suffix
from engine.datasets.formats.problems import DataError, error, note, raise_first, some
from engine.datasets.formats.row_checks import readable, unique
from engine.datasets.groups import Groups, groups_by_column, groups_by_name, shared_groups
from engine.datasets.layouts import Layout, Row, recognise
from engine.datasets.read_options import ReadOptions
from engine.datasets.splits import draw_split, split_seed
from engine.problem import NameSetting, Problem, WayOut, errors_of, setting_words, warnings_of

SPLITS = ("train", "val", "test")
SKIPPED = "skipped"
"""Split of an image that is missing or cannot be read; the image keeps its row in the index."""
MANY_CLASSES = 20
"""Labels are names or remarks, not classes, where there are more of them than this and than half the images."""


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
        return [row for row, each in enumerate(self.splits) if each != SKIPPED]

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
        present = [name for name in SPLITS if name in self.splits]
        parts = [f"{len(self.rows_of(name)):,} {name}" for name in present]
        split = present[0]
        classes = classes_in_words(self.class_names, self.counts(split))
        parts.append(f"{len(self.class_names)} classes ({split}: {classes})")
        parts += filter(None, [self.order.said(name_setting)])
        parts.append(f"baseline {self.baseline():.4f}")
        parts += [f"{len(self.groups_used):,} groups by {self.group_rule}"] if self.groups else []
        return f"{self.kind}: {', '.join(parts)}"

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

    def checked(self) -> Index:
        """Return the index; raise the first error as a DataError."""
        raise_first(self.problems)
        assert self.index is not None
        return self.index


def survey_folder(path: Path, options: ReadOptions) -> Survey:
    """Survey a folder or file; problems are part of the result, DataError is never raised."""
    try:
        layout = recognise(path, options)
    except DataError as unknown:
        return Survey(None, "", (dataclasses.replace(unknown.problem, kind="no_layout"),))
    return survey_layout(layout, options)


def survey_layout(layout: Layout, options: ReadOptions) -> Survey:
    """Check the rows of a layout and make an index of those that can be used."""
    problems = list(layout.problems)
    rows = unique(readable(layout.rows, problems), problems)
    if not rows:
        return Survey(None, layout.why, tuple(problems))
    keep_missing = options.on_bad != "skip" or all(row.is_missing for row in rows)
    files, labels = [row.file for row in rows], [normal(row.label) for row in rows]
    classes = find_classes(labels, files, options.class_names, are_words=layout.has_names)
    class_names, numbers = classes.names, classes.numbers
    order, without_order = find_order(
        options.ordered,
        layout.label_source,
        class_names,
        are_numbers=classes.are_numbers,
        are_named=bool(options.class_names),
    )
    used = [place for place, number in enumerate(numbers) if number is not None]
    if len({numbers[place] for place in used if keep_missing or not rows[place].is_missing}) < 2:
        problems.append(_too_few_classes(layout, labels))
    if not order.is_ordered and len(class_names) > max(MANY_CLASSES, len(rows) / 2):
        problems.append(_labels_differ(layout, len(class_names), len(rows)))
    problems += [*without_order, *classes.problems, *doubtful_labels(class_names, labels, files)]
    if not used:
        return Survey(None, layout.why, tuple(problems))
    missing = [number for number, place in enumerate(used) if rows[place].is_missing]
    groups = _groups([rows[place] for place in used], layout.group_column, bool(options.group_column))
    problems += _unused_groups(groups, layout.group_column, [rows[place].group for place in used])
    index, more = make_index(
        kind=layout.kind,
        root=layout.root,
        names=[files[place] for place in used],
        labels=[numbers[place] or 0 for place in used],
        splits=[rows[place].split for place in used],
        missing=missing,
        keep_missing=keep_missing,
        groups=groups,
        class_names=class_names,
        order=order,
        options=options,
    )
    own = tuple(split for split in SPLITS if any(row.split == split for row in rows))
    index = dataclasses.replace(index, has_class_folders=layout.has_names)
    return Survey(index, layout.why, (*problems, *more), own, frozenset(missing))


def make_index(
    *,
    kind: str,
    root: Path | None,
    names: list[str],
    labels: list[int],
    splits: Sequence[str | None],
    groups: Groups | None,
    class_names: tuple[str, ...],
    order: Order,
    options: ReadOptions,
    missing: Sequence[int] = (),
    keep_missing: bool = False,
) -> tuple[Index, list[Problem]]:
    """Draw the splits that are asked for and not given; return the index and its problems.

    Images of `missing` rows take part in the draw, so that the split stays the same when a file comes or goes. They
    are in no split of the index, unless `keep_missing`: then the index says what the data would be with them, and a
    problem of the layout keeps runs from it."""
    called = [without_suffix(name) for name in names]
    table = zip(called, labels, splits, strict=True)
    lines = [f"{name}\t{class_names[label]}\t{split or ''}" for name, label, split in table]
    column = list(groups.of) if groups and groups.is_column else []
    fingerprint = hashlib.sha256("\n".join([*lines, *column]).encode()).hexdigest()[:16]
    of = groups.of if groups else called
    whole = _with_drawn(splits, labels, of, lines, options)
    wanted = [split for split in SPLITS if split in whole]
    there = list(whole)
    for row in missing:
        there[row] = SKIPPED
    index = Index(
        kind,
        root,
        tuple(names),
        tuple(labels),
        tuple(whole if keep_missing else there),
        groups.of if groups else None,
        class_names,
        order,
        fingerprint,
        groups.rule if groups else "",
    )
    return index, _split_problems(index, there, wanted, options.test_fraction)


def _with_drawn(
    splits: Sequence[str | None],
    labels: Sequence[int],
    groups: Sequence[str],
    lines: Sequence[str],
    options: ReadOptions,
) -> list[str]:
    """Return the given splits; draw a test split from the rest where there is none, then a val split."""
    whole = [split or "train" for split in splits]
    for split, fraction in (("test", options.test_fraction), ("val", options.val_fraction)):
        if split not in splits and fraction > 0:
            rows = [row for row, each in enumerate(whole) if each == "train"]
            seed = split_seed(lines)
            salt = seed if split == "test" else f"{seed}/{split}"
            for row in rows if fraction == 1 else draw_split(rows, labels, groups, fraction, salt):
                whole[row] = split
    return whole


def _split_problems(
    index: Index, there: Sequence[str], wanted: Sequence[str], test_fraction: float
) -> list[Problem]:
    """Return the problems of the splits: empty ones, missing classes, shared groups.

    `there` are the splits of the images whose files exist, `wanted` those that would exist if no image were missing."""
    problems = []
    counts = {split: Counter(dict(enumerate(index.counts(split)))) for split in SPLITS}
    needed = ("train", "test") if test_fraction < 1 else ("test",)
    for split in SPLITS:
        if split in there or split not in (*needed, *wanted) or len(there) == there.count(SKIPPED):
            continue  # images that are all missing are an error of their own
        problems.append(_empty_split(index, split, test_fraction, is_missing=split in wanted))
    used = {split: counted for split, counted in counts.items() if counted.total()}
    spanning = shared_groups(index.names, index.splits, index.groups, index.group_rule)
    untrained = untrained_classes(index.class_names, used)
    missing = [] if untrained else missing_classes(index.class_names, used)
    return [*problems, *untrained, *near_classes(index.class_names), *missing, *spanning]


def _empty_split(index: Index, split: str, test_fraction: float, *, is_missing: bool) -> Problem:
    if is_missing:
        return error("empty_split", f"all {split} images of {index.root} are missing: put them there")
    ways = [WayOut("add some")]
    if split == "train" or test_fraction == 0:  # else a larger part of classes in one piece draws none either
        ways.append(WayOut("change {}", "test_fraction"))
    return error("empty_split", f"{index.root or index.kind} has no {split} images", ways=ways)


def _groups(rows: Sequence[Row], column: str, given: bool) -> Groups | None:
    files = [row.file for row in rows]
    if column:
        found = groups_by_column([row.group for row in rows], files, column, given=given)
        if found is not None:
            return found
    return groups_by_name(files)


def _unused_groups(groups: Groups | None, column: str, cells: Sequence[str | None]) -> list[Problem]:
    """Note that a guessed column is not used because its groups are too large for patients."""
    most = max(Counter(normal(cell) for cell in cells if cell and not is_missing(cell)).values(), default=0)
    if not column or most < 2 or (groups is not None and groups.is_column):
        return []
    text = f"{column} puts {some(most, len(cells))} into one group, too many for a patient, and is not used"
    ways = [WayOut("say with {} that it holds groups all the same", "group_column", column)]
    return [note("groups_not_used", text, ways=ways)]


def _labels_differ(layout: Layout, classes: int, images: int) -> Problem:
    if layout.has_names:
        text = f"{layout.root} has {classes:,} class folders with {images:,} images, too few to train and test on"
        return error("labels_differ", text, ways=[WayOut("put several images of a class into one folder")])
    text = f"{classes:,} different labels of {images:,} images are no classes"
    return error("labels_differ", text, ways=[WayOut("name their column with {}", "label_column")])


def _too_few_classes(layout: Layout, labels: Sequence[str]) -> Problem:
    found = sorted(set(labels))
    if len(found) == 1 and found[0]:
        text = f"all images have the label {found[0]!r}: there must be two classes or more"
    else:
        text = (
            f"{layout.root} has no images of two classes that can be used: there must be two classes or more"
        )
    return error("too_few_classes", text)
