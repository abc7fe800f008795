"""Repeat recipes with other seeds, and with other splits where the data leave that open."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.files.paths import Home
from engine.preflight.data_checks import own_splits
from engine.spec.repetitions import with_seeds, with_seeds_and_splits
from engine.spec.run_spec import RunSpec


@dataclass(frozen=True)
class Repeated:
    """Runs of recipes that are repeated."""

    specs: list[RunSpec]
    said: str = ""
    """Settings that vary between the repetitions, with the reason, in one line; empty where the caller has said it."""


def repeat_runs(home: Home, specs: Sequence[RunSpec], count: int) -> Repeated:
    """Repeat each spec `count` times with a seed of its own and, where a split is drawn, with a split of its own.

    A cross-validation is repeated with other folds, all folds of a repetition with one seed. Raises SpecError."""
    draws = {spec.data: _why_no_draw(home, spec) for spec in specs}
    fixed = [spec for spec in specs if draws[spec.data]]
    drawn = [spec for spec in specs if not draws[spec.data]]
    found = [*with_seeds_and_splits(drawn, count), *with_seeds(fixed, count)]
    said = [f"{count} repetitions, each with its own seed and its own split"] if drawn else []
    said += [
        f"{count} repetitions, each with its own seed: {why}" for why in dict.fromkeys(draws.values()) if why
    ]
    return Repeated(found, "; ".join(said))


def _why_no_draw(home: Home, spec: RunSpec) -> str:
    """Say why all repetitions have the same test images; empty where each has a split of its own."""
    if spec.folds:
        return ""
    if spec.test_fraction == 1:
        return "all images are tested on"
    return f"{spec.data} has its own test split, which all share" if "test" in own_splits(home, spec) else ""
