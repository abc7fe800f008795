"""Acts whose cost may grow with a size, and the fixtures that they read. One more is an `Act` in a DIMENSION."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Call: TypeAlias = Callable[[], object]
Prepare: TypeAlias = Callable[[Path, int], Call]
"""Makes what an act reads of a size, in the size's folder, and returns the act; only the act is measured."""


@dataclass(frozen=True)
class Act:
    """One act, measured at each of its sizes."""

    name: str
    prepare: Prepare
    sizes: tuple[int, ...]
    """In ascending order, at least two."""
    note: str = ""
    """Reason why it is not linear, or what its time is of, in a few words."""


@dataclass(frozen=True)
class Dimension:
    """One thing that grows, with the acts that depend on it."""

    title: str
    make: Callable[[Path, int], None]
    """Writes the files of a size that its acts share."""
    acts: tuple[Act, ...]

    @property
    def sizes(self) -> list[int]:
        return sorted({size for act in self.acts for size in act.sizes})
