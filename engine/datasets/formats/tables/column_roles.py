"""Roles of a table's columns: as the user says, else by heading, else by content."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.datasets.formats.cells import is_whole
from engine.datasets.formats.names.places import Places
from engine.datasets.formats.problems import DataError, error, warning
from engine.datasets.formats.tables.given_columns import ColumnsUnclear, GivenColumns
from engine.datasets.formats.tables.headings import (
    GROUP_HEADINGS,
    LABEL_HEADINGS,
    OTHER_LABEL_HEADINGS,
    heading,
)
from engine.datasets.formats.tables.image_column import SAMPLE, find_image_column
from engine.datasets.formats.tables.one_hot import OneHot, find_one_hot, one_hot_label
from engine.datasets.formats.tables.split_column import (
    SplitColumn,
    find_split_column,
    is_split_heading,
    meaning_of,
    unused_split_columns,
)
from engine.datasets.formats.tables.table_files import Table
from engine.datasets.read_options import ReadOptions
from engine.problem import Problem, WayOut


@dataclass(frozen=True)
class Columns:
    """Columns of a table by role, counted from 0."""

    header: tuple[str, ...]
    """Headings; empty where the table has none."""
    image: int
    labels: tuple[int, ...]
    """Column of labels, or one column for each class."""
    split: SplitColumn | None
    group: int | None
    are_numbers: bool = False
    """True where the image names are bare numbers."""
    doubts: tuple[Problem, ...] = ()
    """Choices that the user should know of."""

    @property
    def has_header(self) -> bool:
        return bool(self.header)

    @property
    def label_heading(self) -> str:
        """Heading of the only column of labels; empty where there is none."""
        return self.header[self.labels[0]] if self.header and len(self.labels) == 1 else ""

    def label_of(self, cells: Sequence[str]) -> str:
        """Return the label in a row's cells."""
        if len(self.labels) > 1:
            return one_hot_label(cells, self.labels, self.header)
        return cells[self.labels[0]]

    def reason(self) -> str:
        """Word the evidence: `images in column image, labels in column level`."""
        parts = [f"images in {self.named(self.image)}"]
        if len(self.labels) > 1:
            parts.append(
                f"one column for each class ({', '.join(self.header[place] for place in self.labels)})"
            )
        else:
            parts.append(f"labels in {self.named(self.labels[0])}")
        parts += [f"splits in {self.named(self.split.place)}"] if self.split else []
        parts += [f"groups in {self.named(self.group)}"] if self.group is not None else []
        return ", ".join(parts)

    def named(self, column: int) -> str:
        """Name a column in a message: `column level`, or without a header `column 2`, counted from 1."""
        return f"column {self.header[column] if self.header else column + 1}"


def find_columns(table: Table, options: ReadOptions, places: Places) -> Columns:
    """Find the columns of images, labels, splits and groups.

    Raises DataError, which names the columns to choose from, where the one of images or labels is not found."""
    images = find_image_column(table, options, places)
    columns = GivenColumns(table, images.has_header, options)
    if images.place is None:
        what = f"{table.path} has no column of image names that is known"
        raise DataError(error("no_column", what, ways=[columns.choose("image_column")]))
    split = find_split_column(columns, images.place)
    group = columns.place("group_column")
    split_place = split.place if split else None
    if group is None:
        group = _headed(columns, GROUP_HEADINGS, taken=(images.place, split_place))
    taken = (images.place, split_place, group)
    one_hot = find_one_hot(columns, [*taken, *_of_other_roles(columns)])
    names = [row[images.place] for row in table.rows[images.has_header :][:SAMPLE]]
    labels = _labels(columns, taken, one_hot, names)
    doubts = [
        *images.doubts,
        *(meaning_of(columns, split) if split else ()),
        *(() if split else unused_split_columns(columns, (*taken, *labels))),
        *_one_of_several(columns, labels, one_hot),
    ]
    are_numbers = all(map(is_whole, names))
    return Columns(columns.header, images.place, labels, split, group, are_numbers, tuple(doubts))


def _headed(columns: GivenColumns, headings: Collection[str], taken: Sequence[int | None]) -> int | None:
    """Return the first column under one of these headings that is not taken; None where there is none."""
    places = [place for place, cell in enumerate(columns.header) if heading(cell) in headings]
    return next((place for place in places if place not in taken), None)


def _labels(
    columns: GivenColumns, taken: Sequence[int | None], one_hot: OneHot | None, names: Sequence[str]
) -> tuple[int, ...]:
    """Return the column of labels: the given one, else the only one with a known heading, else one for each class,
    else the only one left.

    Raises DataError where there is none, and ColumnsUnclear, with a sample of the image `names`, for more than one."""
    given = columns.place("label_column")
    if given is not None:
        return (given,)
    header = columns.header
    left = [place for place in range(columns.table.width) if place not in taken]
    for headings in (LABEL_HEADINGS, OTHER_LABEL_HEADINGS):
        headed = [place for place in left if header and heading(header[place]) in headings]
        if (chosen := _one_of_alike(columns, headed)) is not None:
            return (chosen,)
    left = [place for place in left if not header or header[place]]
    left = [place for place in left if not header or not is_split_heading(header[place])]
    if one_hot is not None and one_hot.is_exclusive and (len(one_hot.places) > 2 or len(left) == 2):
        return one_hot.places
    if one_hot is not None and len(one_hot.places) > 2:
        classes = ", ".join(header[place] for place in one_hot.places[:6])
        raise ColumnsUnclear(
            f"{columns.table.path} has several labels for an image, one column each ({classes}), and a run learns "
            "one label",
            columns.choose("label_column"),
            names,
        )
    if len(left) == 1:
        return (left[0],)
    if not left:
        what = f"{columns.table.path} has no column of labels"
        raise DataError(error("no_column", what, ways=[columns.choose("label_column")]))
    what = f"{columns.table.path} has several columns that may hold the labels"
    raise ColumnsUnclear(what, columns.choose("label_column"), names)


def _of_other_roles(columns: GivenColumns) -> list[int]:
    """Return the columns whose headings say that they are not one class of several."""
    return [
        place
        for place, title in enumerate(columns.header)
        if heading(title) in LABEL_HEADINGS or is_split_heading(title)
    ]


def _one_of_alike(columns: GivenColumns, places: Sequence[int]) -> int | None:
    """Return the only column, or of columns that tell the same classes apart the one with words; else None."""
    if len(places) < 2:
        return places[0] if places else None
    body = columns.table.rows[1:]
    pairs = {tuple(row[place] for place in places) for row in body}
    if any(len({pair[number] for pair in pairs}) != len(pairs) for number in range(len(places))):
        return None
    words = [place for place in places if not all(is_whole(row[place]) for row in body)]
    return (words or list(places))[0]


def _one_of_several(columns: GivenColumns, labels: Sequence[int], one_hot: OneHot | None) -> list[Problem]:
    """Warn where the user's column is one of those that have a column for each class."""
    if one_hot is None or len(labels) > 1 or labels[0] not in one_hot.places:
        return []
    names = ", ".join(columns.header[place] for place in one_hot.places)
    title = columns.header[labels[0]]
    text = f"{columns.named(labels[0])} is one of {len(one_hot.places)} columns of 0 and 1 ({names}): the classes are "
    ways = [WayOut(f"leave {{}} out to learn all {len(one_hot.places)}", "label_column")]
    return [
        warning(
            "one_of_one_hot",
            f"{text}0 (not {title}) and 1 ({title})",
            "one class against the rest",
            ways=ways if one_hot.is_exclusive else (),
        )
    ]
