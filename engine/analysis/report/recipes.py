"""Recipes of a study: runs with equal settings but for the seed are repetitions of one."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.analysis.markdown import details, setting, weights_in_full
from engine.analysis.report.values import ids_of, range_in_percent
from engine.analysis.study import StudyRun
from engine.analysis.summary import Summary, summarise
from engine.spec.plugin_name import arch_shown
from engine.spec.run_spec import VARIED

MOST_NAMED = 4
"""Settings in a recipe's name; a table has all in which the recipes differ."""


@dataclass(frozen=True)
class Recipe:
    """Runs of one recipe on one data set, by id."""

    runs: tuple[StudyRun, ...]

    @property
    def first(self) -> StudyRun:
        return self.runs[0]

    @property
    def finished(self) -> tuple[StudyRun, ...]:
        """Runs that count: done, and measured."""
        return tuple(run for run in self.runs if run.done and run.best)

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Test accuracy at the best epoch of each finished run."""
        found = (run.best.number("test_acc") for run in self.finished if run.best)
        return tuple(value for value in found if value is not None)

    @property
    def accuracy(self) -> float | None:
        """Mean of the accuracies; a single run's own."""
        return self.summary.mean

    @property
    def summary(self) -> Summary:
        """Summarise the accuracies; the interval is that of their mean."""
        return summarise(self.accuracies, bounds=(0.0, 1.0))

    @property
    def top(self) -> StudyRun | None:
        """Finished run of the highest test accuracy, the earlier of equals."""
        return best_of(self.finished)

    @property
    def is_repeated(self) -> bool:
        return len(self.runs) > 1

    @property
    def name(self) -> str:
        """Name it by its network, its first weights and what tells it from the others, without the seed."""
        run = self.first
        found = [f"{field} {setting(run.spec, field)}" for field in run.unlike if field not in VARIED]
        if len(found) > MOST_NAMED:
            found = [*found[:MOST_NAMED], f"and {len(found) - MOST_NAMED} more settings"]
        title = f"{arch_shown(run.spec.arch)}, {weights_in_full(run)}"
        return f"{title}; {', '.join(found)}" if found else title

    @property
    def called(self) -> str:
        """Name its runs: `#3`, or `#1–5 (n 5)`."""
        ids = ids_of(run.id for run in self.runs)
        return f"{ids} (n {len(self.finished)})" if self.is_repeated else ids


def recipes_of(runs: Iterable[StudyRun]) -> tuple[Recipe, ...]:
    """Group runs of one data set by recipe, in the order of their first runs."""
    found: dict[tuple[str, str], list[StudyRun]] = {}
    for run in runs:
        found.setdefault((run.data, run.spec.group_digest()), []).append(run)
    return tuple(Recipe(tuple(group)) for group in found.values())


def ranked(recipes: Iterable[Recipe]) -> list[Recipe]:
    """Order the recipes that have a finished run by their mean test accuracy, the best first."""
    known = [recipe for recipe in recipes if recipe.accuracy is not None]
    return sorted(known, key=lambda recipe: (-(recipe.accuracy or 0.0), recipe.first.id))


def best_of(runs: Iterable[StudyRun]) -> StudyRun | None:
    """Return the run with the highest test accuracy at its best epoch; None where none was measured."""
    known = [(run.best.number("test_acc"), run) for run in runs if run.best]
    found = [(value, run) for value, run in known if value is not None]
    return max(found, key=lambda pair: (pair[0], -pair[1].id))[1] if found else None


def mean_range(recipe: Recipe) -> str:
    """Return the 95 % interval of the mean in percent; a dash for fewer than two different values."""
    found = recipe.summary
    return range_in_percent(None if found.low is None or found.high is None else (found.low, found.high))


def seeds_in_words(recipe: Recipe) -> str:
    return ", ".join(str(run.spec.seed) for run in recipe.runs)


def in_details(run: StudyRun) -> str:
    """Name a run's first weights, and its settings that differ from other runs'."""
    return f"{weights_in_full(run)}; {details(run)}" if run.unlike else weights_in_full(run)
