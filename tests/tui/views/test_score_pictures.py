"""Page of scores without an app: curves, numbers beside them, values at the cursor, reasons."""

import numpy as np
import pytest
from score_files import evaluation
from studies import GRADES, LABELS

from engine.analysis.run_curves import EpochCurves
from engine.metrics.curves.split_curves import SplitCurves, split_curves
from tui.plots import INK, MirrorBars, ReliabilityBars, Square
from tui.views.run_scores import RunScores, ScoreState, Which, known_of, run_picture
from tui.views.score_picture import KINDS, PLACES

TRUE = np.repeat(np.arange(5), LABELS)


def curves(labels: np.ndarray = TRUE, *, are_grades: bool = False) -> SplitCurves:
    found = evaluation(np.random.default_rng(0), labels, 1.5, are_grades=are_grades)
    return split_curves(found.labels, found.scores, found.predictions, GRADES, ordered=True)


def scores(split: SplitCurves | None = None, val: SplitCurves | None = None) -> RunScores:
    return RunScores(EpochCurves(4, split or curves(), val), "the run goes on")


@pytest.mark.parametrize(
    ("kind", "drawing"), zip(KINDS, (Square, Square, ReliabilityBars, MirrorBars), strict=True)
)
def test_each_kind_has_a_drawing_and_a_row_for_each_class(kind: str, drawing: type) -> None:
    found = run_picture(scores(), ScoreState(kind, target=3))
    assert isinstance(found.drawing, drawing) and found.about == "test, best epoch 4, n 201"
    assert [row.name for row in found.rows] == ["all classes", *GRADES, "referable"]
    assert [row.is_chosen for row in found.rows] == [number == 3 for number in range(7)]
    assert all(len(row.cells) == len(found.columns) for row in found.rows)


def test_the_chosen_class_is_on_top_of_the_others() -> None:
    found = run_picture(scores(), ScoreState(target=2)).drawing
    assert isinstance(found, Square)
    assert [line.colour for line in found.lines] == [INK.faint] * 6 + [INK.test]


def test_the_cursor_reads_a_point_of_the_curve() -> None:
    split = curves()
    roc = split.of[6].roc
    assert roc is not None
    for place in (0, 7, PLACES):
        found = run_picture(scores(split), ScoreState(target=6, cursor=place))
        assert isinstance(found.drawing, Square) and found.drawing.cursor is not None
        at = [(x, y) for x, y in zip(roc.x, roc.y, strict=True)].index(found.drawing.cursor)
        if place == 7:
            assert f"score ≥ {roc.thresholds[at]:.4g}: sensitivity" in found.says
            assert f"{1 - roc.x[at]:.3f}".lstrip("0") in found.says
    assert "no image called positive" in run_picture(scores(split), ScoreState(target=6, cursor=0)).says
    assert "sensitivity 1.000, specificity .000" in found.says


def test_the_cursor_reads_a_bin_and_counts() -> None:
    split = curves()
    diagram, histogram = split.of[0].reliability, split.of[1].histogram
    assert diagram is not None and histogram is not None
    number = next(number for number, each in enumerate(diagram.bins) if each.images)
    says = run_picture(scores(split), ScoreState("reliability", cursor=number)).says
    assert f"{diagram.bins[number].images} images" in says
    says = run_picture(scores(split), ScoreState("histogram", target=1, cursor=0)).says
    assert says == f"score .000 to .050: no DR: {histogram.inside[0]}, others: {histogram.others[0]}"


def test_what_has_no_curve_says_why() -> None:
    split = curves(TRUE[TRUE != 3])
    found = run_picture(scores(split), ScoreState(target=4))
    assert found.drawing == "no curve of severe: no image is of it"
    assert found.rows[4].cells == ("0", "–", "–")
    found = run_picture(scores(split), ScoreState(target=0))
    assert found.drawing == "no curve of all classes: no mean of all classes: of severe, no image is of it"
    assert run_picture(RunScores("pruned", "none"), ScoreState()).drawing == "pruned"


def test_grades_have_referable_alone() -> None:
    split = curves(are_grades=True)
    found = run_picture(scores(split), ScoreState("reliability"))
    assert [row.name for row in found.rows] == ["referable"]
    assert found.drawing == "no reliability: the network gives a grade, no probabilities"
    bars = run_picture(scores(split), ScoreState("histogram")).drawing
    assert isinstance(bars, MirrorBars) and bars.highest == 4
    unordered = evaluation(np.random.default_rng(0), TRUE, 1.5, are_grades=True)
    none = split_curves(TRUE, unordered.scores, unordered.predictions, GRADES, ordered=False)
    found = run_picture(scores(none), ScoreState())
    assert found.drawing == "one number ranks no class between two others"


def test_test_and_val_of_both_epochs_are_gone_through() -> None:
    both = RunScores(EpochCurves(4, curves(), curves()), EpochCurves(6, curves(), None))
    assert known_of([both]) == [Which("test", "best"), Which("val", "best"), Which("test", "last")]
    state = ScoreState()
    seen = []
    for _ in range(4):
        seen.append(run_picture(both, state).about)
        state = state.next_which(3)
    best = "test, best epoch 4, n 201"
    assert seen == [best, "val, best epoch 4, n 201", "test, last epoch 6, n 201", best]
