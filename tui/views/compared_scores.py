"""Page of scores of compared runs: a line for each, of one class at a time. Pure."""

from collections.abc import Mapping

from engine.analysis.test_sets import all_same
from engine.metrics.curves.split_curves import ScoreCurves
from tui.plots import INK, MARKERS, Square
from tui.views.compared import Compared
from tui.views.run_scores import RunScores, ScoreState, Which, known_of
from tui.views.score_picture import (
    DIAGONAL,
    PRECISION_RECALL,
    RELIABILITY,
    ROC,
    Drawing,
    Row,
    ScorePicture,
    cells_of,
    columns_of,
    line_of,
)

COMPARED_KINDS = (ROC, PRECISION_RECALL, RELIABILITY)
AXES = {
    ROC: "x: 1 − specificity, y: sensitivity",
    PRECISION_RECALL: "x: recall, y: precision",
    RELIABILITY: "x: probability, y: share that is true",
}


def names_of(scores: Mapping[int, RunScores], which: Which | None) -> list[str]:
    """Return the names of what can be looked at, in the order of the runs."""
    found = [each.of(which) for each in scores.values()] if which is not None else []
    return list(dict.fromkeys(curves.name for pair in found if pair is not None for curves in pair[1].of))


def shown_which(scores: Mapping[int, RunScores], state: ScoreState) -> Which | None:
    known = known_of(scores.values())
    return known[min(state.which, len(known) - 1)] if known else None


def compared_picture(compared: Compared, scores: Mapping[int, RunScores], state: ScoreState) -> ScorePicture:
    """Return the page: each run's line in its colour, and its numbers."""
    which = shown_which(scores, state)
    names = names_of(scores, which)
    if which is None or not names:
        reasons = [f"#{view.run_id}: {_why(scores.get(view.run_id))}" for _, view in compared.runs]
        return ScorePicture(state.kind, "", "\n".join(reasons), (), (), "")
    name = names[min(state.target, len(names) - 1)]
    found = {view.run_id: _curves(scores.get(view.run_id), which, name) for _, view in compared.runs}
    rows = []
    for number, view in compared.runs:
        curves = found[view.run_id]
        cells = cells_of(curves, state.kind) if curves else tuple("–" for _ in columns_of(state.kind))
        rows.append(Row(compared.label(view), cells, INK.runs[number], MARKERS[number]))
    lines = [
        line
        for number, view in sorted(reversed(compared.runs), key=lambda run: run[0] == compared.front)
        if (curves := found[view.run_id]) is not None
        if (line := line_of(curves, state.kind, INK.runs[number], MARKERS[number])) is not None
    ]
    guides = (DIAGONAL,) if state.kind in (ROC, RELIABILITY) else ()
    drawing: Drawing = Square(tuple(lines), AXES[state.kind], guides) if lines else f"no curve of {name}"
    about = f"{name}: {which.split}, {which.epoch} epochs"
    return ScorePicture(
        state.kind, about, drawing, columns_of(state.kind), tuple(rows), _says(compared, found)
    )


def _curves(scores: RunScores | None, which: Which, name: str) -> ScoreCurves | None:
    found = scores.of(which) if scores is not None else None
    return found[1].named(name) if found is not None else None


def _why(scores: RunScores | None) -> str:
    if scores is None:
        return "not read yet"
    return scores.best if isinstance(scores.best, str) else "one number ranks no class between two others"


def _says(compared: Compared, found: Mapping[int, ScoreCurves | None]) -> str:
    """Say what is not drawn and why, and when the images are not the same."""
    parts = ["↑ ↓ class"]
    if all_same(view.test_set for view in compared.views if view.test_images) is False:
        parts.append("different test sets: not comparable")
    without = [f"#{run_id}" for run_id, curves in found.items() if curves is None]
    if without:
        parts.append(f"no scores: {', '.join(without)}")
    for why in dict.fromkeys(curves.no_curve for curves in found.values() if curves is not None):
        undefined = [f"#{run_id}" for run_id, curves in found.items() if curves and curves.no_curve == why]
        parts += [f"{', '.join(undefined)}: {why}"] if why else []
    return "; ".join(parts)
