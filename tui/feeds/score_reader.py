"""Reading of a run's scores from its files, in a thread."""

from engine.files.paths import Home
from engine.queries.image_groups import GroupReader
from engine.queries.run_curves import Scorer
from tui.views.run_scores import RunScores
from tui.views.run_view import RunView


def read_run_scores(home: Home, groups: GroupReader, view: RunView) -> RunScores:
    """Read and compute the curves of the best and of the last epoch."""
    spec, names = view.spec, view.class_names
    scorer = Scorer(home, view.run_id, spec, names, view.is_ordered, groups, view.status, view.epoch)
    return RunScores(scorer.curves(view.best_epoch, last=False), scorer.curves(view.epoch, last=True))
