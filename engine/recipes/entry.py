"""Fields of every registry's entries: a name, a description, and the settings that they exclude."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One value of a setting."""

    name: str
    """As it is given on the command line and stored in specs."""
    description: str
    """One line for tables and help, without a full stop."""
    excludes: Mapping[str, str] = field(default_factory=dict)
    """Other settings that must stay at 0, and why: `{"label_smoothing": "has no classes to smooth"}`."""

    def conflicts(self, setting: str, values: object) -> Iterator[tuple[str, str]]:
        """Yield each excluded attribute of `values` that is set, and why it must stay at 0; `setting` is the field
        whose value this entry is."""
        for excluded, why in self.excludes.items():
            if getattr(values, excluded):
                yield excluded, f"{setting} {self.name} {why}"


E = TypeVar("E", bound=Entry)


def by_name(*entries: E) -> dict[str, E]:
    """Make a registry of the entries, in their order. Raises ValueError where two have the same name."""
    registry = {entry.name: entry for entry in entries}
    if len(registry) < len(entries):
        raise ValueError(f"two entries have the same name: {[entry.name for entry in entries]}")
    return registry


def unknown_choice(value: object, choices: Iterable[str]) -> str:
    """Return the message for a value that is none of the choices."""
    return f"{value!r} is unknown: choose from {', '.join(choices)}"
