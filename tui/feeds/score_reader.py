"""Reading of a run's scores from its files, in a thread."""

from engine.analysis.run_curves import EpochCurves, curves_of, read_epoch_scores
from engine.files.paths import Home
from tui.views.run_scores import RunScores
from tui.views.run_view import RunView


def read_run_scores(home: Home, view: RunView) -> RunScores:
    """Read and compute the curves of the best and of the last epoch."""

    def of(epoch: int | None, *, last: bool) -> EpochCurves | str:
        found = read_epoch_scores(home.run(view.run_id), view.class_names, epoch, last=last)
        return (
            found if isinstance(found, str) else curves_of(found, view.class_names, ordered=view.is_ordered)
        )

    return RunScores(of(view.best_epoch, last=False), of(view.epoch, last=True))
