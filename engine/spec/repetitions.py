"""Repetitions of a recipe, as the runs of one group: other seeds, or other seeds and splits."""

from collections.abc import Iterable

from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec

MOST = 1_000
"""Repetitions of a recipe in one call."""
TOGETHER = ("seed", "split_seed")
"""Settings that count on together where splits are repeated too."""


def with_seeds(specs: Iterable[RunSpec], count: int) -> list[RunSpec]:
    """Return `count` runs of each spec, with its own seed and those that follow it. Raises SpecError."""
    return _repeated(specs, count, ("seed",))


def with_seeds_and_splits(specs: Iterable[RunSpec], count: int) -> list[RunSpec]:
    """Return `count` runs of each spec, each with a seed and a split seed of its own; the first is the spec itself.

    Raises SpecError."""
    return _repeated(specs, count, TOGETHER)


def _repeated(specs: Iterable[RunSpec], count: int, fields: tuple[str, ...]) -> list[RunSpec]:
    return list(
        dict.fromkeys(
            make_spec({**spec.model_dump(), **{name: getattr(spec, name) + more for name in fields}})
            for spec in specs
            for more in range(count)
        )
    )
