"""Choice of a table's column of image names: as the user says, else by its cells, else by its heading."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from engine.datasets.formats.cells import is_missing, is_whole
from engine.datasets.formats.names.image_files import is_image
from engine.datasets.formats.names.image_names import Listing, looks_like
from engine.datasets.formats.names.places import Places
from engine.datasets.formats.problems import warning
from engine.datasets.formats.tables.given_columns import ColumnsUnclear, GivenColumns
from engine.datasets.formats.tables.headings import (
    IMAGE_HEADINGS,
    LABEL_HEADINGS,
    OTHER_LABEL_HEADINGS,
    WEAK_IMAGE_HEADINGS,
    heading,
)
from engine.datasets.formats.tables.table_files import Table
from engine.datasets.read_options import ReadOptions
from engine.problem import Problem, WayOut

SAMPLE = 200
"""Number of rows that are read to recognise a column by its content."""
SURE_SHARE = 0.95
"""Least share of the cells of a column of bare numbers that are names of files, where nothing else says what it is."""


@dataclass(frozen=True)
class ImageColumn:
    """Column of image names, counted from 0; None where it is unknown."""

    place: int | None
    has_header: bool
    doubts: tuple[Problem, ...] = ()


class _Candidate:
    """Evidence for one column; only a sample of its cells is read."""

    def __init__(self, table: Table, place: int, places: Places) -> None:
        self.place, self._places = place, places
        self.cells = [row[place] for row in table.rows[: SAMPLE + 1]]
        self._least = min(len(table.rows), SAMPLE) / 2
        self.listing: Listing = places.best(self.cells)[0]
        self._found = self.listing.count(self.cells)
        title = self.cells[0]
        self.is_headed = heading(title) in IMAGE_HEADINGS and not title.isdecimal()
        self.is_weakly_headed = heading(title) in WEAK_IMAGE_HEADINGS and not title.isdecimal()

    @functools.cached_property
    def files(self) -> list[str]:
        """File of each cell, relative to the folder of all images; empty where there is none."""
        found = [file and str(self.listing.root / file) for file in map(self.listing.find, self.cells)]
        read = self._places.tree.read(
            [cell for cell, file in zip(self.cells, found, strict=True) if not file]
        ).read
        base = self._places.base
        return [
            file or (str(base / read[cell].file) if cell in read else "")
            for cell, file in zip(self.cells, found, strict=True)
        ]

    @property
    def has_suffixes(self) -> bool:
        """True where most cells end like image files."""
        return sum(is_image(cell.replace("\\", "/").rpartition("/")[2]) for cell in self.cells) >= self._least

    @functools.cached_property
    def fits(self) -> bool:
        """True where most cells are names of files; cells as other programs write them count where a heading or
        suffixes speak for the column."""
        if self._found >= self._least:
            return True
        if not (self.has_suffixes or self.is_headed or self.is_weakly_headed):
            return False
        return sum(map(bool, self.files)) >= self._least

    @property
    def is_numeric(self) -> bool:
        return all(is_whole(cell) for cell in self.cells[1:] if cell)

    @property
    def is_distinct(self) -> bool:
        """True where no cell repeats another."""
        return len(set(self.cells)) == len(self.cells)

    @property
    def rank(self) -> int | None:
        """Return the strength of the evidence, 0 the strongest; None where there is none."""
        is_headed = self.is_headed or self.is_weakly_headed
        grounds = (
            self.has_suffixes and self.fits,
            is_headed and self.fits,
            self.fits and not self.is_numeric,
            self.has_suffixes,
            self.is_headed,
            self.is_weakly_headed,
            self._found >= SURE_SHARE * (len(self.cells) - 1),
        )
        return next((rank for rank, holds in enumerate(grounds) if holds), None)


GUESSED = 6
"""Rank of bare numbers under no known heading."""


def find_image_column(table: Table, options: ReadOptions, places: Places) -> ImageColumn:
    """Find the column of image names, and whether the first row is a header.

    Raises DataError where the user names a column that is not there, and where several columns name images equally
    well, so that the user has to."""
    candidates = [_Candidate(table, place, places) for place in range(table.width)]
    ranks = {each.place: rank for each in candidates if (rank := each.rank) is not None}
    best = min(ranks.values(), default=None)
    rivals = [each for each in candidates if best is not None and ranks.get(each.place) == best]
    rivals = [each for each in rivals if each.is_distinct] or rivals
    rivals = [each for each in rivals if each.is_headed] or rivals
    headed = has_header(table, rivals[0] if rivals else None, options)
    columns = GivenColumns(table, headed, options)
    given = columns.place("image_column")
    if given is not None or best is None:
        return ImageColumn(given, headed)
    chosen = rivals[0]
    if any(each.files != chosen.files for each in rivals[1:]):
        names = " and ".join(columns.named(each.place) for each in rivals)
        what = f"{table.path} has several columns that name images ({names})"
        raise ColumnsUnclear(what, columns.choose("image_column"), chosen.cells[headed:])
    return ImageColumn(chosen.place, headed, tuple(_doubts(columns, chosen, candidates, best)))


def _doubts(
    columns: GivenColumns, chosen: _Candidate, candidates: Sequence[_Candidate], rank: int
) -> list[Problem]:
    """Warn where another column names other images, or where only numbers speak for the chosen one."""
    ways = [WayOut("choose with {}", "image_column")]
    table, called = columns.table.path.name, columns.named(chosen.place)
    others = [
        each
        for each in candidates
        if each is not chosen and each.is_distinct and each.fits and each.files != chosen.files
    ]
    if others and rank:
        names = " and ".join(columns.named(each.place) for each in others)
        text = f"{table}: {names} names images that are here too, {called} is taken"
        return [warning("image_column", text, "several columns name images", ways=ways)]
    if rank == GUESSED and columns.has_header:
        text = f"{table}: the numbers in {called} are names of files, and are taken for the images"
        return [warning("image_column", text, "image column guessed", ways=ways)]
    return []


def has_header(table: Table, images: _Candidate | None, options: ReadOptions) -> bool:
    """Return True where the first row is a header; `images` is the column of image names, if one is known.

    A row with a heading that `options` names is one; a row that names an image is none; a row with a known heading is
    one. Any other row is a header where its image cell is no name like those below it, and another of its cells is a
    word above numbers only, or above labels that never equal it."""
    first, rest = table.rows[0], table.rows[1 : SAMPLE + 1]
    named = (options.image_column, options.label_column, options.split_column, options.group_column)
    if any(column in first for column in named if column and not column.isdecimal()):
        return True
    if any(map(is_image, first)):
        return False
    known = images if images is not None and images.fits else None
    if known is not None and known.listing.count([first[known.place]]):
        return False
    headings = (*IMAGE_HEADINGS, *WEAK_IMAGE_HEADINGS, *LABEL_HEADINGS, *OTHER_LABEL_HEADINGS)
    if any(heading(cell) in headings for cell in first if not cell.isdecimal()):
        return True
    if not rest:
        return False
    if known is not None and looks_like(first[known.place], [row[known.place] for row in rest]):
        return False
    others = [place for place in range(table.width) if known is None or place != known.place]
    words = [place for place in others if not is_whole(first[place]) and not is_missing(first[place])]
    if known is None:
        return any(all(is_whole(row[place]) for row in rest) for place in words)
    return any(all(row[place] != first[place] for row in rest) for place in words)
