"""Recipes of a study: the groups of its runs, and the runs that are in none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.analysis.groups import Group, Member, group_runs, side_name
from engine.analysis.markdown import MOST_NAMED, details, weights_in_full
from engine.analysis.report.values import ids_of, range_in_percent
from engine.analysis.study import StudyRun
from engine.analysis.summary import Summary
from engine.metrics.selection import selected
from engine.spec.recipe_words import recipe_name, settings_in_words
from engine.spec.run_spec import VARIED

if TYPE_CHECKING:  # it needs numpy, which the app loads only when runs are compared
    from engine.analysis.comparison.comparison import SideResult

STARTS = "weights from; settings that differ"
"""Heading of a column of `in_details`."""


@dataclass(frozen=True)
class Recipe:
    """Runs of one recipe on one data set, by id. Its numbers are those of its group."""

    runs: tuple[StudyRun, ...]
    group: Group
    """Group of the runs; of a single run, itself."""

    @property
    def first(self) -> StudyRun:
        return self.runs[0]

    @property
    def finished(self) -> tuple[StudyRun, ...]:
        """Runs that count: done, measured, and no repeat of another."""
        counted = {each.run_id for each in self.group.counted}
        return tuple(run for run in self.runs if run.id in counted and run.best)

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Test accuracy at the best epoch of each run that counts."""
        found = (run.best.number("test_acc") for run in self.finished if run.best)
        return tuple(value for value in found if value is not None)

    @property
    def accuracy(self) -> float | None:
        """Mean test accuracy of the group; a single run's own."""
        return self.group.spread("test_acc").mean

    @property
    def summary(self) -> Summary:
        """Summary of the group's test accuracy: over its splits where they differ, else over its runs."""
        return self.group.summary("test_acc")

    @property
    def side(self) -> str:
        """Name that a comparison has for it."""
        return side_name([run.id for run in self.finished])

    @property
    def is_repeated(self) -> bool:
        return len(self.runs) > 1

    @property
    def name(self) -> str:
        """Name it by its network, its first weights and what tells it from the others, without the seed."""
        return recipe_name(self.first.spec, self._unlike, weights_in_full(self.first), MOST_NAMED)

    @property
    def in_details(self) -> str:
        """Name its first weights, and its settings that differ from other recipes'."""
        told = settings_in_words(self.first.spec, self._unlike, MOST_NAMED)
        return f"{weights_in_full(self.first)}; {told}" if told else weights_in_full(self.first)

    @property
    def _unlike(self) -> list[str]:
        return [field for field in self.first.unlike if field not in VARIED]

    @property
    def called(self) -> str:
        """Name its runs: `#3`, or `#1–5 (n 5)`."""
        ids = ids_of(run.id for run in self.runs)
        return f"{ids} (n {self.summary.n})" if self.is_repeated else ids


def recipes_of(runs: Iterable[StudyRun]) -> tuple[Recipe, ...]:
    """Return the groups of runs and the runs that are in none, in the order of their first runs."""
    by_id = {run.id: run for run in runs}
    members = {run.id: _member(run) for run in by_id.values()}
    specs = {members[run.id].group_key: run.spec.to_json() for run in by_id.values()}
    groups = group_runs(members.values(), specs)
    grouped = {run_id for group in groups for run_id in group.run_ids}
    alone = [
        Group(each.group_key, (each,), specs[each.group_key])
        for run_id, each in members.items()
        if run_id not in grouped
    ]
    found = sorted([*groups, *alone], key=lambda group: group.run_ids[0])
    return tuple(Recipe(tuple(by_id[run_id] for run_id in group.run_ids), group) for group in found)


def _member(run: StudyRun) -> Member:
    spec = run.spec
    keys = {"test_acc", selected(spec.select_on).key}
    best, last = ({key: at.number(key) for key in keys} if at else {} for at in (run.best, run.last))
    fingerprint = run.environment.get("data_fingerprint", "")
    return Member(
        run.id, spec.group_digest(), run.status, spec.digest(), spec.seed, spec.split_seed, spec.fold, run.name,
        fingerprint, run.baseline, best, last,
    )  # fmt: skip


def mean_range(recipe: Recipe) -> str:
    """Return the 95 % interval of the mean in percent; a dash for fewer than two different values."""
    found = recipe.summary
    return range_in_percent(None if found.low is None or found.high is None else (found.low, found.high))


def spread_of(recipe: Recipe, side: SideResult | None) -> str:
    """Return the 95 % interval of a recipe's mean with what it covers: test images and seeds where it was compared."""
    if side is None or side.low is None or side.high is None or not side.images:
        known = recipe.summary.low is not None
        covers = f", which covers {recipe.group.covers}"
        return (
            f"95 % interval of the mean {mean_range(recipe)} %{covers}"
            if known
            else "its interval is not known"
        )
    counted = "test images and seeds" if side.scope == "recipe" else "test images alone"
    images = f"n {side.images:,} test images"
    groups = f" of {side.groups:,} groups" if side.groups != side.images else ""
    return f"95 % interval {range_in_percent((side.low, side.high))} %, over {counted}; {images}{groups}"


def seeds_in_words(recipe: Recipe) -> str:
    return ", ".join(str(run.spec.seed) for run in recipe.runs)


def in_details(run: StudyRun) -> str:
    """Name a run's first weights, and its settings that differ from other runs'."""
    return f"{weights_in_full(run)}; {details(run)}" if run.unlike else weights_in_full(run)
