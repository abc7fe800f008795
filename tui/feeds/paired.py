"""Two runs' answers to the same test images."""

from engine.analysis.compare import Paired, paired_difference
from engine.answers import Answers, NoAnswers, read_answers
from engine.datasets.groups import groups_by_name
from engine.paths import Home
from tui.views.run_view import RunView


def compare_answers(
    home: Home, first: RunView, second: RunView, first_epoch: int | None, second_epoch: int | None
) -> Paired | str:
    """What their accuracies differ by, or why that cannot be said. Images whose names show a group (both eyes of a
    patient) are taken together."""
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
    groups = groups_by_name(list(one.names))
    right = [
        answers.answers[epoch] == answers.labels
        for answers, epoch in ((one, first_epoch), (other, second_epoch))
    ]
    return paired_difference(right[0], right[1], groups.of if groups else None)
