"""Columns of runs that a user asked for beside those that all lists have."""

from typing import NamedTuple


class Chosen(NamedTuple):
    """Keys of metrics and settings that are read of each run."""

    metrics: tuple[str, ...] = ()
    """Of the best epoch."""
    settings: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return self.metrics + self.settings

    def has(self, others: "Chosen") -> bool:
        """Return True where none of the `others` lacks here."""
        return set(self.keys) >= set(others.keys)

    def joined(self, others: "Chosen") -> "Chosen":
        """Add others, each once."""
        metrics = dict.fromkeys((*self.metrics, *others.metrics))
        return Chosen(tuple(metrics), tuple(dict.fromkeys((*self.settings, *others.settings))))

    def shared(self, others: "Chosen") -> "Chosen":
        """Return those that both have."""
        metrics = tuple(key for key in self.metrics if key in others.metrics)
        return Chosen(metrics, tuple(name for name in self.settings if name in others.settings))


NOTHING = Chosen()
