"""All curves of a split in one epoch: of each class, of their mean, and of the referable images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.metrics.curves.auc_interval import auc_interval
from engine.metrics.curves.macro import macro_curve
from engine.metrics.curves.precision_recall import precision_recall_curve
from engine.metrics.curves.ranked import rank
from engine.metrics.curves.reliability import Reliability, reliability
from engine.metrics.curves.roc import Curve, roc_curve
from engine.metrics.curves.score_histogram import ScoreHistogram, score_histogram
from engine.metrics.curves.target import Target, sides_of, targets_of
from engine.metrics.curves.thinning import thinned

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALL_CLASSES = "all classes"
MOST_POINTS = 200_000
"""Points of all classes' curves up to which their mean is taken at each of them."""
NO_PROBABILITIES = "the network gives a grade, no probabilities"


@dataclass(frozen=True)
class ScoreCurves:
    """Worth of a score; each part is None where it is undefined."""

    name: str
    """Class, `referable`, or `all classes`: then the curves are macro averages, and the score is the probability of
    the prediction, whose images are the correct ones."""
    images: int
    positives: int
    """Images to be found; correct predictions of `all classes`."""
    roc: Curve | None
    auc_interval: tuple[float, float] | None
    """95 %; None of a macro average."""
    precision_recall: Curve | None
    no_curve: str
    """Reason, in words, why there is no ROC and no precision-recall curve; empty where there are."""
    reliability: Reliability | None
    no_reliability: str
    histogram: ScoreHistogram | None
    """Of the score: inside are the positives."""


@dataclass(frozen=True)
class SplitCurves:
    """Curves of a split's images in one epoch."""

    images: int
    of: tuple[ScoreCurves, ...]
    """All classes first, then each class, referable last; empty where a single number ranks nothing."""
    by_groups: bool = False
    """Whether the intervals count groups of images."""

    def named(self, name: str) -> ScoreCurves | None:
        return next((each for each in self.of if each.name == name), None)


def split_curves(
    labels: NDArray[Any],
    scores: NDArray[Any],
    predictions: NDArray[Any],
    class_names: Sequence[str],
    *,
    ordered: bool,
    groups: Sequence[str] | None = None,
) -> SplitCurves:
    """Compute all curves, thinned to what can be seen.

    `scores` are probabilities, images × classes, or grades, images × 1; `groups` name what belongs together, such as a
    patient, for the intervals: None where each image stands alone."""
    gives_grade = scores.shape[1] == 1
    targets = targets_of(class_names, ordered=ordered, gives_grade=gives_grade)
    found = [_of_target(each, labels, scores, len(class_names), groups) for each in targets]
    if not gives_grade:
        of_classes = [each for each, target in zip(found, targets, strict=True) if target.label is not None]
        found.insert(0, _of_all(of_classes, labels, scores, predictions, len(class_names)))
    by_groups = groups is not None and len(set(groups)) < len(groups)
    return SplitCurves(len(labels), tuple(map(_thinned, found)), by_groups)


def _of_target(
    target: Target, labels: NDArray[Any], scores: NDArray[Any], classes: int, groups: Sequence[str] | None
) -> ScoreCurves:
    sides = sides_of(target, labels, scores)
    ranked, is_grade = rank(sides), scores.shape[1] == 1
    diagram = None if is_grade else reliability(sides.positives, sides.scores.clip(0, 1))
    return ScoreCurves(
        name=target.name,
        images=len(labels),
        positives=int(sides.positives.sum()),
        roc=None if ranked is None else roc_curve(ranked),
        auc_interval=auc_interval(sides, groups),
        precision_recall=None if ranked is None else precision_recall_curve(ranked),
        no_curve=sides.undefined,
        reliability=diagram,
        no_reliability=NO_PROBABILITIES if is_grade else _no_diagram(diagram),
        histogram=score_histogram(sides.positives, sides.scores, classes - 1 if is_grade else 1.0),
    )


def _of_all(
    of_classes: Sequence[ScoreCurves],
    labels: NDArray[Any],
    scores: NDArray[Any],
    predictions: NDArray[Any],
    classes: int,
) -> ScoreCurves:
    import numpy as np

    confidences, correct = scores[np.arange(len(labels)), predictions], predictions == labels
    diagram, why = reliability(correct, confidences), _no_macro(of_classes, classes)
    rocs = _few([each.roc for each in of_classes if each.roc is not None])
    steps = _few([each.precision_recall for each in of_classes if each.precision_recall is not None])
    return ScoreCurves(
        name=ALL_CLASSES,
        images=len(labels),
        positives=int(correct.sum()),
        roc=None if why else macro_curve(rocs),
        auc_interval=None,
        precision_recall=None if why else macro_curve(steps),
        no_curve=why,
        reliability=diagram,
        no_reliability=_no_diagram(diagram),
        histogram=score_histogram(correct, confidences),
    )


def _few(curves: list[Curve]) -> list[Curve]:
    """Thin curves that have too many points together for a mean at the x of all of them."""
    is_much = sum(len(curve.x) for curve in curves) > MOST_POINTS
    return [thinned(curve) for curve in curves] if is_much else curves


def _no_macro(of_classes: Sequence[ScoreCurves], classes: int) -> str:
    if classes == 2:
        return f"two classes have one curve: that of {of_classes[0].name}"
    missing = next((each for each in of_classes if each.no_curve), None)
    return "" if missing is None else f"no mean of all classes: of {missing.name}, {missing.no_curve}"


def _no_diagram(diagram: Reliability | None) -> str:
    return "" if diagram is not None else "there is no image, or a probability is not finite"


def _thinned(curves: ScoreCurves) -> ScoreCurves:
    roc, pr = curves.roc, curves.precision_recall
    return replace(
        curves,
        roc=None if roc is None else thinned(roc),
        precision_recall=None if pr is None else thinned(pr),
    )
