"""Check the data of runs by their files' names and labels; no image is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.datasets.read_options import READ_FIELDS
from engine.disk.footprint import Images, built_in, images_of
from engine.files.paths import Home
from engine.metrics.selection import always_selectable, selection_problem, split_of
from engine.problem import NameSetting, Problem, errors_of
from engine.recipes.losses import LOSSES
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.pretrained import is_warm_start
from engine.spec.run_spec import VARIED, RunSpec

if TYPE_CHECKING:
    from engine.datasets.index import Index

ReadKey: TypeAlias = tuple[Any, ...]
"""The settings that decide which images a spec has, with which label, in which split."""


@dataclass(frozen=True)
class DataFound:
    """Findings about the data of some specs."""

    problems: tuple[Problem, ...] = ()
    index: Index | None = None
    """None where the data cannot be used."""

    def describe(self, name_setting: NameSetting) -> str:
        """One line; empty where the data cannot be used, and for built-in ones."""
        if self.index is None or self.index.root is None:
            return ""
        return self.index.describe(name_setting)


def read_key(spec: RunSpec) -> ReadKey:
    """Specs alike in this have the same images."""
    return tuple(getattr(spec, field) for field in READ_FIELDS)


def read_data(home: Home, spec: RunSpec) -> DataFound:
    """Index a spec's data with all that is wrong with them."""
    from engine.datasets.source import survey_data

    try:
        survey = survey_data(home, spec)
    except OSError as error:
        what = f"{error.filename or spec.data} cannot be read: {error.strerror}"
        return DataFound((Problem("data", "error", what, kind="no_layout"),))
    return DataFound(survey.problems, survey.index if survey.usable else None)


def own_splits(home: Home, spec: RunSpec) -> tuple[str, ...]:
    """Return the splits that a spec's data have themselves; none where they cannot be read, which the checks report."""
    from engine.datasets.source import survey_data

    try:
        return survey_data(home, spec).own_splits
    except OSError:
        return ()


def image_counts(spec: RunSpec, found: DataFound | None) -> Images | None:
    """Count the images of a spec, as far as what it writes depends on them; None where the data cannot be used."""
    if (counts := built_in(spec)) is not None:
        return counts
    return images_of(found.index) if found is not None and found.index is not None else None


def needs_index(spec: RunSpec) -> bool:
    """Return True where the data must be indexed: not for a plain run on a built-in data set."""
    is_warm = is_warm_start(spec.pretrained)
    is_plain = spec.select_on in always_selectable() and not LOSSES[spec.loss].gives_grade and not is_warm
    is_plain = is_plain and not spec.split_seed and not spec.folds
    return spec.data not in BUILTIN_DEFAULTS or not is_plain


def check_fit(specs: Sequence[RunSpec], index: Index) -> Iterator[Problem]:
    """List the requests of specs that their common data cannot meet."""
    for select_on, loss in sorted({(spec.select_on, spec.loss) for spec in specs}):
        if problem := selection_problem(
            select_on,
            has_val="val" in index.splits,
            ordered=index.ordered,
            gives_grade=LOSSES[loss].gives_grade and len(index.class_names) > 2,
            empty_classes=index.empty_classes(split_of(select_on)),
        ):
            yield problem
    for loss in sorted({spec.loss for spec in specs}):
        if problem := LOSSES[loss].data_problem(ordered=index.ordered):
            yield problem


def check_data(home: Home, specs: Sequence[RunSpec]) -> dict[ReadKey, DataFound]:
    """Return the data of all specs, each set read once, and what is wrong with it for its specs."""
    by_data: dict[ReadKey, list[RunSpec]] = {}
    for spec in specs:
        by_data.setdefault(read_key(spec), []).append(spec)
    return {key: _check(home, alike) for key, alike in by_data.items()}


def by_images(data: Mapping[ReadKey, DataFound]) -> list[list[DataFound]]:
    """Group what was found by the images that were read: different splits of the same images are together."""
    found: dict[ReadKey, list[DataFound]] = {}
    for key, each in data.items():
        same = tuple(value for field, value in zip(READ_FIELDS, key, strict=True) if field not in VARIED)
        found.setdefault(same, []).append(each)
    return list(found.values())


def problems_of(data: Mapping[ReadKey, DataFound]) -> list[Problem]:
    """List the problems of all data.

    Of those that differ between splits of the same images only the first of each kind, with the number of splits that
    have such a one."""
    said: list[Problem] = []
    for splits in by_images(data):
        alike: dict[tuple[str, str, str], list[Problem]] = {}
        for problem in (each for found in splits for each in found.problems):
            alike.setdefault((problem.kind, problem.field, problem.severity), []).append(problem)
        for problems in alike.values() if len(splits) > 1 else [[each] for each in splits[0].problems]:
            different = len(dict.fromkeys(problems)) > 1
            more = f" (or so in {len(problems)} of {len(splits)} splits)" if different else ""
            said.append(replace(problems[0], what=problems[0].what + more))
    return said


def _check(home: Home, alike: Sequence[RunSpec]) -> DataFound:
    if not any(map(needs_index, alike)):
        return DataFound()
    found = read_data(home, alike[0])
    if found.index is None or errors_of(found.problems):
        return found
    return DataFound((*found.problems, *check_fit(alike, found.index)), found.index)
