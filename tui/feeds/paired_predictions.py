"""Paired comparison of two runs' predictions for the same test images."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from engine.analysis.paired_test import Paired, paired_difference
from engine.datasets.groups import groups_by_name
from engine.datasets.index import Index
from engine.datasets.layouts import DataError
from engine.datasets.read_options import READ_FIELDS
from engine.datasets.source import index_data
from engine.files.epoch_predictions import Answers, NoPredictions, read_predictions
from engine.files.paths import Home
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import SpecError
from engine.spec.run_spec import RunSpec
from tui.views.run_view import RunView


@dataclass(frozen=True)
class Difference:
    """Difference of two accuracies, and the rule that grouped the images in the paired test."""

    paired: Paired
    rule: str
    """Rule in words; empty where each image is its own group."""


class Comparer:
    """Comparison of predictions, one pair of runs at a time; keeps the indices of data sets that were read."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._known: dict[tuple[object, ...], Index] = {}
        self._one_at_a_time = Lock()

    def compare(
        self, first: RunView, second: RunView, first_epoch: int | None, second_epoch: int | None
    ) -> Difference | str:
        """Return the difference of two runs' accuracies, or one line on why they cannot be compared."""
        found: list[Answers] = []
        for view in (first, second):
            try:
                found.append(read_predictions(self._home.run(view.run_id), view.class_names))
            except NoPredictions as problem:
                return str(problem)
        one, other = found
        if one.names != other.names or (one.labels != other.labels).any():
            return f"#{first.run_id} and #{second.run_id} have different test sets: their accuracies are not paired"
        if first_epoch is None or second_epoch is None:
            return "an epoch has not been measured yet"
        if not one.is_known(first_epoch) or not other.is_known(second_epoch):
            return "the predictions of these epochs were not kept"
        columns = {view.spec.group_column for view in (first, second)} - {""}
        if len(columns) > 1:
            return f"the runs have different group columns: {' and '.join(sorted(columns))}"
        spec = first.spec if first.spec.group_column else second.spec
        try:
            with self._one_at_a_time:
                groups, rule = self.groups_of(spec, one.names)
        except DataError as error:
            return f"the groups of the images cannot be read, and are needed to compare: {error}"
        right = [
            answers.answers[epoch] == answers.labels
            for answers, epoch in ((one, first_epoch), (other, second_epoch))
        ]
        return Difference(paired_difference(right[0], right[1], groups), rule)

    def groups_of(self, spec: RunSpec, names: Sequence[str]) -> tuple[Sequence[str] | None, str]:
        """Return the group of each image and the rule that found it; None where each image is its own group.

        Where the data are missing or have changed, only the images' names are used. Raises DataError where the spec
        names a group column that then cannot be read."""
        found = groups_by_name(list(names))
        if spec.data in BUILTIN_DEFAULTS:
            return (found.of, found.rule) if found else (None, "")
        try:
            index = self._index(spec)
            if not set(names) <= set(index.names):
                raise DataError(f"{spec.data} has different images now")
        except (DataError, SpecError, OSError) as error:
            if spec.group_column:
                raise DataError(str(error)) from error
            return (found.of, f"{found.rule}, because the data cannot be read") if found else (None, "")
        group_of = dict(zip(index.names, index.groups or index.names, strict=True))
        groups = [group_of[name] for name in names]
        return (groups, index.group_rule) if len(set(groups)) < len(groups) else (None, "")

    def _index(self, spec: RunSpec) -> Index:
        key = tuple(getattr(spec, name) for name in READ_FIELDS)
        if key not in self._known:
            self._known[key] = index_data(self._home, spec)
        return self._known[key]
