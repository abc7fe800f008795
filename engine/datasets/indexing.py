"""Making of an index: checks a layout's rows, finds the classes, draws the splits."""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Sequence, Set
from pathlib import Path

from engine.datasets.drawing import Images, draw_splits
from engine.datasets.formats.cells import is_missing, normal
from engine.datasets.formats.labels.class_checks import near_classes, untrained_classes
from engine.datasets.formats.labels.classes import Classes, find_classes, missing_classes
from engine.datasets.formats.labels.doubtful_labels import doubtful_labels
from engine.datasets.formats.labels.grades import Order, find_order
from engine.datasets.formats.names.image_names import without_suffix
from engine.datasets.formats.problems import DataError, error, note, some
from engine.datasets.formats.row_checks import readable, unique
from engine.datasets.groups import Groups, groups_by_column, groups_by_name, shared_groups
from engine.datasets.index import SKIPPED, SPLITS, Index, Survey
from engine.datasets.layouts import Layout, Row, recognise
from engine.datasets.read_options import ReadOptions
from engine.problem import Problem, WayOut

MANY_CLASSES = 20
"""Labels are names or remarks, not classes, where there are more of them than this and than half the images."""


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
    order, without_order = _order(classes, layout, options)
    used = [place for place, number in enumerate(numbers) if number is not None]
    present = {numbers[place] for place in used if keep_missing or not rows[place].is_missing}
    problems += _class_count_problems(layout, labels, len(present), len(class_names), order)
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
    if any(problem.kind == "labels_differ" for problem in problems):
        more = [problem for problem in more if problem.kind not in ("missing_class", "near_classes")]
    own = tuple(split for split in SPLITS if any(row.split == split for row in rows))
    index = dataclasses.replace(index, has_class_folders=layout.has_names)
    return Survey(index, layout.why, (*problems, *more), own, frozenset(missing))


def _order(classes: Classes, layout: Layout, options: ReadOptions) -> tuple[Order, list[Problem]]:
    return find_order(
        options.ordered,
        layout.label_source,
        classes.names,
        are_numbers=classes.are_numbers,
        are_named=bool(options.class_names),
    )


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
    images = Images(labels, groups.of if groups else called, lines, class_names, groups is not None)
    whole, problems = draw_splits(splits, images, options)
    gone = set(missing)
    there = [SKIPPED if row in gone else split for row, split in enumerate(whole)]
    index = Index(
        kind,
        root,
        tuple(names),
        tuple(labels),
        tuple(whole if keep_missing else there),
        groups.of if groups else None,
        class_names,
        order,
        _fingerprint(lines, groups),
        groups.rule if groups else "",
    )
    return index, [*problems, *_split_problems(index, there, set(whole), options.test_fraction)]


def _fingerprint(lines: Sequence[str], groups: Groups | None) -> str:
    """Hash names, labels and splits, and the groups that a column gives: others follow from the names."""
    column = groups.of if groups and groups.is_column else ()
    return hashlib.sha256("\n".join([*lines, *column]).encode()).hexdigest()[:16]


def _split_problems(
    index: Index, there: Sequence[str], wanted: Set[str], test_fraction: float
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


def _class_count_problems(
    layout: Layout, labels: Sequence[str], present: int, classes: int, order: Order
) -> list[Problem]:
    """Report too few classes with images (`present`), and labels that are too many to be classes."""
    problems = [_too_few_classes(layout, labels)] if present < 2 else []
    if not order.is_ordered and classes > max(MANY_CLASSES, len(labels) / 2):
        problems.append(_labels_differ(layout, classes, len(labels)))
    return problems


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
