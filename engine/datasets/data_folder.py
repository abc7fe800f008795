"""Folder that may hold a data set, with the tables in it."""

import functools
from collections.abc import Sequence
from pathlib import Path

from engine.datasets.formats.problems import DataError, error
from engine.datasets.formats.tables.table_choice import Tables, find_tables
from engine.datasets.read_options import ReadOptions
from engine.problem import WayOut


class DataFolder:
    """Folder that may hold a data set; its tables are read once, when a layout first needs them."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self.path, self.options = path, options
        self.names = {entry.name for entry in path.iterdir()}

    @functools.cached_property
    def tables(self) -> Tables:
        """Tables of images and labels, and the reason why each other table does not fit, by its name."""
        return find_tables(self.path, self.names, self.options)

    @property
    def table_failures(self) -> list[DataError]:
        """Errors of tables that do not fit; empty where one names images and labels."""
        failures = {} if self.tables.fits else self.tables.failures
        return [self.table_error(name) for name in failures]

    def table_error(self, name: str, more: Sequence[WayOut] = ()) -> DataError:
        """Return the error for a table that does not fit."""
        why = self.tables.failures[name]
        return DataError(error("no_layout", f"{self.path / name} {why.reason}", ways=[*why.ways, *more]))
