"""Two runs' answers to the same test images."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.analysis.compare import Paired, paired_difference
from engine.answers import Answers, NoAnswers, read_answers
from engine.datasets.groups import groups_by_name
from engine.datasets.layouts import DataError
from engine.datasets.source import index_data
from engine.grid import SpecError
from engine.paths import Home
from engine.spec import RunSpec
from engine.words import BUILTIN_DEFAULTS
from tui.views.run_view import RunView


@dataclass(frozen=True)
class Difference:
    """What two accuracies differ by, and how the groups were found that were taken together."""

    paired: Paired
    rule: str
    """In words; empty where each image stands alone."""


def compare_answers(
    home: Home, first: RunView, second: RunView, first_epoch: int | None, second_epoch: int | None
) -> Difference | str:
    """What their accuracies differ by, or why that cannot be said."""
    found: list[Answers] = []
    for view in (first, second):
        try:
            found.append(read_answers(home.run(view.run_id), view.class_names))
        except NoAnswers as problem:
            return str(problem)
    one, other = found
    if one.names != other.names or (one.labels != other.labels).any():
        return f"#{first.run_id} and #{second.run_id} were tested on other images: their accuracies are not paired"
    if first_epoch is None or second_epoch is None:
        return "an epoch has not been measured yet"
    if not one.is_known(first_epoch) or not other.is_known(second_epoch):
        return "the answers of these epochs were not kept"
    try:
        groups, rule = groups_of(home, first.spec, one.names)
    except DataError as error:
        return f"which images belong together cannot be read, and so not whether they differ: {error}"
    right = [
        answers.answers[epoch] == answers.labels
        for answers, epoch in ((one, first_epoch), (other, second_epoch))
    ]
    return Difference(paired_difference(right[0], right[1], groups), rule)


def groups_of(home: Home, spec: RunSpec, names: Sequence[str]) -> tuple[Sequence[str] | None, str]:
    """The group of each image, as the data have them, and how they were found; None where each stands alone. Of data
    that are not there any more the names alone tell. Raises DataError where a column was named that would."""
    found = groups_by_name(list(names))
    if spec.data in BUILTIN_DEFAULTS:
        return (found.of, found.rule) if found else (None, "")
    try:
        index = index_data(home, spec)
    except (DataError, SpecError, OSError) as error:
        if spec.group_column:
            raise DataError(str(error)) from error
        return (found.of, f"{found.rule}, for the data cannot be read") if found else (None, "")
    group_of = dict(zip(index.names, index.groups or index.names, strict=True))
    groups = [group_of.get(name, name) for name in names]
    return (groups, index.group_rule) if len(set(groups)) < len(groups) else (None, "")
