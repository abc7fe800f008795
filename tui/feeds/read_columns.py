"""Metrics and settings that are read of each run beside what all rows have."""

from engine.store.chosen import NOTHING, Chosen


class ReadColumns:
    """Columns of the feed. They stay until others are asked for: to drop a column or filter costs no reading."""

    def __init__(self, known: Chosen = NOTHING) -> None:
        """`known`: what all rows have that the feed begins with."""
        self.asked = NOTHING
        """Read of each run from now on."""
        self.of_all = known
        """Those that all rows have."""

    def ask(self, chosen: Chosen, *, has_rows: bool) -> bool:
        """Return True where all runs have to be read again for this. `has_rows`: some were read without it."""
        if self.asked.has(chosen):
            return False
        self.of_all = self.of_all.shared(chosen) if has_rows else chosen
        self.asked = chosen
        return True

    def has_read_all(self) -> None:
        """Note that all rows were read with what is asked for."""
        self.of_all = self.asked
