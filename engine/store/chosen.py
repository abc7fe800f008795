"""Columns of runs that a user chose beside those that all lists have."""

from typing import NamedTuple


class Chosen(NamedTuple):
    """Keys of metrics and settings that are read of each run."""

    metrics: tuple[str, ...] = ()
    """Of the best epoch."""
    settings: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return self.metrics + self.settings


NOTHING = Chosen()
