"""Paired comparison of two runs' predictions for the same test images."""

from dataclasses import dataclass

from engine.analysis.comparison.paired import PairedTest, paired_test
from engine.datasets.layouts import DataError
from engine.files.epoch_predictions import Answers, NoPredictions, read_predictions
from engine.files.paths import Home
from engine.queries.image_groups import GroupReader
from tui.views.run_view import RunView


@dataclass(frozen=True)
class Difference:
    """Difference of two accuracies, and the rule that grouped the images in the paired test."""

    paired: PairedTest
    rule: str
    """Rule in words; empty where each image is its own group."""


class Comparer:
    """Comparison of predictions, one pair of runs at a time; each data set is read once."""

    def __init__(self, home: Home) -> None:
        self._home, self._groups = home, GroupReader(home)

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
            groups = self._groups.groups_of(spec, one.names)
        except DataError as error:
            return f"the groups of the images cannot be read, and are needed to compare: {error}"
        right = [
            answers.answers[epoch] == answers.labels
            for answers, epoch in ((one, first_epoch), (other, second_epoch))
        ]
        return Difference(paired_test(right[0], right[1], groups.each(one.names)), groups.rule)
