"""Roles of a table's columns: as the user says, else by heading, else by content."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.datasets.formats.csv_files import Table, heading
from engine.datasets.formats.image_files import is_image
from engine.datasets.formats.labels import is_missing, is_whole
from engine.datasets.formats.names import Listing, Places, looks_like
from engine.datasets.formats.problems import DataError
from engine.datasets.formats.split_names import SPLIT_WORDS
from engine.datasets.read_options import ReadOptions

# Headings in the form that `heading` returns.
IMAGE_HEADINGS = (
    "0", "image", "images", "name", "names", "img", "file", "files", "filename", "filenames", "fname", "id",
    "idcode", "imageid", "imagename", "imagepath", "imagefile", "imgname", "imgid", "path", "filepath",
    "photo", "picture",
)  # fmt: skip
LABEL_HEADINGS = (
    "label", "labels", "level", "levels", "class", "classes", "diagnosis", "grade", "grades", "target",
    "category", "y", "drgrade", "drlevel", "retinopathygrade", "severity",
)  # fmt: skip
SPLIT_HEADINGS = (
    "split", "set", "subset", "partition", "dataset",
)  # fmt: skip
GROUP_HEADINGS = (
    "patient", "patients", "patientid", "patientno", "subject", "subjectid", "participant", "participantid",
    "person", "personid", "group", "groups", "groupid",
)  # fmt: skip
SAMPLE = 200
"""Number of rows that are read to recognise a column by its content."""


@dataclass(frozen=True)
class Columns:
    """Columns of a table by role, counted from 0."""

    has_header: bool
    image: int
    label: int
    split: int | None
    group: int | None

    def named(self, table: Table, column: int) -> str:
        """Name a column in a message: `column level`, or without a header `column 2`, counted from 1."""
        return f"column {table.rows[0][column] if self.has_header else column + 1}"


def find_columns(table: Table, options: ReadOptions, places: Places) -> Columns:
    """Find the columns of images, labels, splits and groups.

    Raises DataError, which names the columns to choose from, where the one of images or labels is not found."""
    image, has_header = find_images(table, options, places)
    finder = _Finder(table, has_header, options)
    if image is None:
        raise DataError(f"{table.path} has no column of image names that is known: {finder.choose('image')}")
    split = finder.split(image)
    group = finder.given("group_column")
    if group is None:
        group = finder.headed(GROUP_HEADINGS, taken=(image, split))
    return Columns(has_header, image, finder.label((image, split, group)), split, group)


def find_images(table: Table, options: ReadOptions, places: Places) -> tuple[int | None, bool]:
    """Find the column of image names, None where it is unknown, and whether the first row is a header.

    Raises DataError where the table does not have the column that `options` names."""
    image_at, listing = _images_by_content(table, places)
    has_header = _has_header(table, image_at, listing, options)
    finder = _Finder(table, has_header, options)
    given = finder.given("image_column")
    if given is not None or image_at is not None:
        return image_at if given is None else given, has_header
    return finder.headed(IMAGE_HEADINGS), has_header


def _images_by_content(table: Table, places: Places) -> tuple[int | None, Listing | None]:
    """Find the column with the most cells that are image files, and the folder they are in.

    Only a sample of rows is read. Both are None where under half the cells of every column are image files."""
    rows = table.rows[: SAMPLE + 1]
    best: tuple[int, int | None, Listing | None] = (0, None, None)
    for column in range(table.width):
        names = table.column(column)[: SAMPLE + 1]
        listing = places.best(names)[0]
        if (count := listing.count(names)) > best[0]:
            best = (count, column, listing)
    return best[1:] if best[0] * 2 >= min(len(rows), SAMPLE) else (None, None)


def _has_header(table: Table, image_at: int | None, listing: Listing | None, options: ReadOptions) -> bool:
    """Return True where the first row is a header.

    A row with a heading that `options` names is one; a row that names an image is none; a row with a known heading is
    one. Any other row is a header where its image cell is no name like those below it, and another of its cells is a
    word above numbers only, or above labels that never equal it."""
    first, rest = table.rows[0], table.rows[1 : SAMPLE + 1]
    given = (options.image_column, options.label_column, options.split_column, options.group_column)
    if any(column in first for column in given if column and not column.isdecimal()):
        return True
    if any(map(is_image, first)):
        return False
    if listing is not None and image_at is not None and listing.count([first[image_at]]):
        return False
    if any(heading(cell) in IMAGE_HEADINGS + LABEL_HEADINGS for cell in first if not cell.isdecimal()):
        return True
    if not rest:
        return False
    others = [column for column in range(table.width) if column != image_at]
    if image_at is not None and looks_like(first[image_at], [row[image_at] for row in rest]):
        return False
    words = [place for place in others if not is_whole(first[place]) and not is_missing(first[place])]
    if image_at is None:
        return any(all(is_whole(row[place]) for row in rest) for place in words)
    return any(all(row[place] != first[place] for row in rest) for place in words)


@dataclass(frozen=True)
class _Finder:
    """Search for a table's columns by option, heading and content."""

    table: Table
    has_header: bool
    options: ReadOptions

    def given(self, option: str) -> int | None:
        """Return the column that the user named, by heading or by number from 1; None where no name was given.

        Raises DataError where the table has no such column."""
        wanted = getattr(self.options, option)
        if not wanted:
            return None
        header = self.table.rows[0] if self.has_header else ()
        for same in (str, str.lower, heading):
            found = [place for place, cell in enumerate(header) if same(cell) == same(wanted)]
            if found:
                return found[0]
        if wanted.isdecimal() and 1 <= int(wanted) <= self.table.width:
            return int(wanted) - 1
        raise DataError(
            f"{self.table.path} has no column {wanted!r}: {self.choose(option.removesuffix('_column'))}"
        )

    def headed(self, headings: Collection[str], taken: Sequence[int | None] = ()) -> int | None:
        """Return the first column under one of these headings that is not taken; None where there is none."""
        if not self.has_header:
            return None
        places = [place for place, cell in enumerate(self.table.rows[0]) if heading(cell) in headings]
        return next((place for place in places if place not in taken), None)

    def split(self, image: int) -> int | None:
        """Return the column of splits, None where there is none.

        It is the given column, else one under a known heading where most cells that are not empty name a split; the
        other cells are reported later. Without a header all cells must name a split."""
        given = self.given("split_column")
        if given is not None:
            return given
        body = self.table.rows[1:] if self.has_header else self.table.rows
        for place in range(self.table.width):
            if place == image or self.has_header and heading(self.table.rows[0][place]) not in SPLIT_HEADINGS:
                continue
            named = sum(row[place].lower() in SPLIT_WORDS for row in body)
            wanted = sum(row[place] != "" for row in body) if self.has_header else 2 * len(body) - 1
            if named * 2 > wanted:
                return place
        return None

    def label(self, taken: Sequence[int | None]) -> int:
        """Return the column of labels: the given one, else the only one with a known heading, else the only one left.

        Raises DataError where there is none, or more than one."""
        given = self.given("label_column")
        if given is not None:
            return given
        left = [place for place in range(self.table.width) if place not in taken]
        header = self.table.rows[0] if self.has_header else None
        headed = [place for place in left if header and heading(header[place]) in LABEL_HEADINGS]
        left = [place for place in left if not header or header[place]]
        for candidates in (headed, left):
            if len(candidates) == 1:
                return candidates[0]
        why = "no column of labels" if not left else "several columns that may hold the labels"
        raise DataError(f"{self.table.path} has {why}: {self.choose('label')}")

    def choose(self, what: str) -> str:
        """Word the advice to name a column, with the names to choose from."""
        header = self.table.rows[0] if self.has_header else ()
        names = ", ".join(cell or str(place) for place, cell in enumerate(header, 1))
        return f"name one as {what}_column ({names or f'1 to {self.table.width}'})"
