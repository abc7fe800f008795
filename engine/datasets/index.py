"""The table of (image, label, split, group) that a run trains and tests on."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.labels import find_classes, is_missing, missing_classes, normal
from engine.datasets.formats.names import without_suffix
from engine.datasets.formats.problems import DataError, Problem, error, note, raise_first, some
from engine.datasets.formats.row_checks import readable, unique
from engine.datasets.groups import Groups, groups_by_column, groups_by_name, shared_groups
from engine.datasets.layouts import Layout, Row, recognise
from engine.datasets.read_options import ReadOptions
from engine.datasets.splits import draw_split, split_seed

SPLITS = ("train", "val", "test")
SKIPPED = "skipped"
"""What stands for the split of an image that is missing or cannot be read: it keeps its place in the index."""
MANY_CLASSES = 20
"""More classes than this and than every second image are names or remarks, not classes."""


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
    """Of names, labels, given splits and groups, in their order; it depends neither on where the data lie nor on
    which of the files are there."""
    group_rule: str = ""
    """How the groups were found: a column's name or a pattern in words."""

    @property
    def digest(self) -> str:
        """Of the fingerprint and of the splits, drawn ones too: what a run that goes on must find as it was."""
        text = "\n".join([self.fingerprint, *self.splits])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def rows_of(self, split: str) -> list[int]:
        return [row for row, each in enumerate(self.splits) if each == split]

    @property
    def used(self) -> list[int]:
        """The rows that are in a split."""
        return [row for row, each in enumerate(self.splits) if each != SKIPPED]

    def counts(self, split: str) -> list[int]:
        """Images of each class."""
        found = Counter(label for label, each in zip(self.labels, self.splits, strict=True) if each == split)
        return [found[label] for label in range(len(self.class_names))]

    @property
    def groups_used(self) -> Counter[str]:
        """Images of each group, without those that are in no split."""
        return Counter(self.groups[row] for row in self.used) if self.groups else Counter()

    def baseline(self, split: str = "test") -> float:
        """The accuracy of always answering the split's most frequent class."""
        counts = self.counts(split)
        return max(counts) / sum(counts)

    def describe(self) -> str:
        """One line: layout, images of each split, classes, baseline, groups."""
        present = [name for name in SPLITS if name in self.splits]
        splits = [f"{len(self.rows_of(name)):,} {name}" for name in present]
        classes = f"{len(self.class_names)} classes, baseline {self.baseline():.4f}"
        groups = f", {len(self.groups_used):,} groups by {self.group_rule}" if self.groups else ""
        return f"{self.kind}: {', '.join(splits)}, {classes}{groups}"


@dataclass(frozen=True)
class Survey:
    """What a data set holds and all that is wrong with it."""

    index: Index | None
    """Of the rows with a name and a label; images that are missing are in no split. None where there are none."""
    why: str
    """What the layout was recognised by."""
    problems: tuple[Problem, ...]
    own_splits: tuple[str, ...] = ()
    """The splits that the data came with; others were drawn."""

    @property
    def usable(self) -> bool:
        return self.index is not None and all(problem.severity != "error" for problem in self.problems)

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "warning"]

    def checked(self) -> Index:
        """Raises the first error as a DataError."""
        raise_first(self.problems)
        assert self.index is not None
        return self.index


def survey_folder(path: Path, options: ReadOptions) -> Survey:
    """Read a folder or file with all that is wrong in it; never raises DataError."""
    try:
        layout = recognise(path, options)
    except DataError as unknown:
        return Survey(None, "", (error("no_layout", str(unknown)),))
    return survey_layout(layout, options)


def survey_layout(layout: Layout, options: ReadOptions) -> Survey:
    problems = list(layout.problems)
    rows = unique(readable(layout.rows, problems), problems)
    if all(row.is_missing for row in rows):
        return Survey(None, layout.why, tuple(problems))
    files, labels = [row.file for row in rows], [normal(row.label) for row in rows]
    class_names, ordered, numbers, wrong = find_classes(
        labels, files, options.class_names, are_words=layout.has_names
    )
    used = [place for place, number in enumerate(numbers) if number is not None]
    if len({numbers[place] for place in used if not rows[place].is_missing}) < 2:
        problems.append(_too_few_classes(layout, labels))
    if not ordered and len(class_names) > max(MANY_CLASSES, len(rows) / 2):
        text = f"{len(class_names):,} different labels of {len(rows):,} images are no classes"
        problems.append(error("labels_differ", f"{text}: name their column with --label-column"))
    problems += wrong
    if not used:
        return Survey(None, layout.why, tuple(problems))
    groups = _groups([rows[place] for place in used], layout.group_column, bool(options.group_column))
    problems += _unused_groups(groups, layout.group_column, [rows[place].group for place in used])
    index, more = make_index(
        kind=layout.kind,
        root=layout.root,
        names=[files[place] for place in used],
        labels=[numbers[place] or 0 for place in used],
        splits=[rows[place].split for place in used],
        missing=[number for number, place in enumerate(used) if rows[place].is_missing],
        groups=groups,
        class_names=class_names,
        ordered=ordered,
        options=options,
    )
    own = tuple(split for split in SPLITS if any(row.split == split for row in rows))
    return Survey(index, layout.why, (*problems, *more), own)


def make_index(
    *,
    kind: str,
    root: Path | None,
    names: list[str],
    labels: list[int],
    splits: Sequence[str | None],
    groups: Groups | None,
    class_names: tuple[str, ...],
    ordered: bool,
    options: ReadOptions,
    missing: Sequence[int] = (),
) -> tuple[Index, list[Problem]]:
    """Draw the splits that are asked for and not given, and say what the index lacks.

    Images of `missing` rows take part in the draw, so that it stays as it is when a file comes or goes."""
    called = [without_suffix(name) for name in names]
    table = zip(called, labels, splits, strict=True)
    lines = [f"{name}\t{class_names[label]}\t{split or ''}" for name, label, split in table]
    column = list(groups.of) if groups and groups.is_column else []
    fingerprint = hashlib.sha256("\n".join([*lines, *column]).encode()).hexdigest()[:16]
    of = groups.of if groups else called
    whole = _with_drawn(splits, labels, of, lines, options)
    wanted = [split for split in SPLITS if split in whole]
    for row in missing:
        whole[row] = SKIPPED
    index = Index(
        kind,
        root,
        tuple(names),
        tuple(labels),
        tuple(whole),
        groups.of if groups else None,
        class_names,
        ordered,
        fingerprint,
        groups.rule if groups else "",
    )
    return index, _lacks(index, wanted, options.test_fraction)


def _with_drawn(
    splits: Sequence[str | None],
    labels: Sequence[int],
    groups: Sequence[str],
    lines: Sequence[str],
    options: ReadOptions,
) -> list[str]:
    """The given splits; where there is no test split one drawn from the rest, then one to validate on."""
    whole = [split or "train" for split in splits]
    for split, fraction in (("test", options.test_fraction), ("val", options.val_fraction)):
        if split not in splits and fraction > 0:
            rows = [row for row, each in enumerate(whole) if each == "train"]
            seed = split_seed(lines)
            salt = seed if split == "test" else f"{seed}/{split}"
            for row in rows if fraction == 1 else draw_split(rows, labels, groups, fraction, salt):
                whole[row] = split
    return whole


def _lacks(index: Index, wanted: Sequence[str], test_fraction: float) -> list[Problem]:
    """`wanted` are the splits that there would be if no image were missing."""
    problems = []
    counts = {split: Counter(dict(enumerate(index.counts(split)))) for split in SPLITS}
    needed = ("train", "test") if test_fraction < 1 else ("test",)
    for split in SPLITS:
        if counts[split].total() or split not in (*needed, *wanted):
            continue
        if split in wanted:
            text = f"all {split} images of {index.root} are missing: put them there"
        else:
            text = f"{index.root or index.kind} has no {split} images: add some or change test_fraction"
        problems.append(error("empty_split", text))
    used = {split: counted for split, counted in counts.items() if counted.total()}
    spanning = shared_groups(index.names, index.splits, index.groups, index.group_rule)
    return [*problems, *missing_classes(index.class_names, used), *spanning]


def _groups(rows: Sequence[Row], column: str, given: bool) -> Groups | None:
    files = [row.file for row in rows]
    if column:
        found = groups_by_column([row.group for row in rows], files, column, given=given)
        if found is not None:
            return found
    return groups_by_name(files)


def _unused_groups(groups: Groups | None, column: str, cells: Sequence[str | None]) -> list[Problem]:
    """A note on a guessed column whose groups are too large for patients."""
    most = max(Counter(normal(cell) for cell in cells if cell and not is_missing(cell)).values(), default=0)
    if not column or most < 2 or (groups is not None and groups.is_column):
        return []
    text = (
        f"{column} puts {some(most, len(cells))} into one group, too many for a patient: it is not used; "
        "--group-column says that it holds groups all the same"
    )
    return [note("groups_not_used", text)]


def _too_few_classes(layout: Layout, labels: Sequence[str]) -> Problem:
    found = sorted(set(labels))
    if len(found) == 1 and found[0]:
        text = f"all images have the label {found[0]!r}: there must be two classes or more"
    else:
        text = (
            f"{layout.root} has no images of two classes that can be used: there must be two classes or more"
        )
    return error("too_few_classes", text)
