"""ROC and precision-recall curves: scikit-learn's, with ties, one class alone, and fewer points that look the same."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from engine.metrics.auc import auc
from engine.metrics.curves.macro import macro_curve
from engine.metrics.curves.precision_recall import precision_recall_curve
from engine.metrics.curves.ranked import rank
from engine.metrics.curves.roc import Curve, roc_curve
from engine.metrics.curves.target import Sides, sides_of, targets_of
from engine.metrics.curves.thinning import TOLERANCE, thinned

EXAMPLES = settings(deadline=None, max_examples=100, derandomize=True)
Images = list[tuple[bool, int]]
IMAGES: st.SearchStrategy[Images] = st.lists(
    st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=60
)
"""Side and score of each image: few different scores, so that ties and single classes are common."""


def sides(images: Images) -> Sides:
    return Sides(np.array([side for side, _ in images]), np.array([score / 6 for _, score in images]))


def is_single(images: Images) -> bool:
    return len({side for side, _ in images}) < 2


@EXAMPLES
@given(IMAGES)
def test_the_roc_curve_is_scikit_learns(images: Images) -> None:
    given_sides = sides(images)
    ranked = rank(given_sides)
    if is_single(images):
        assert ranked is None and given_sides.undefined in ("no image is of it", "every image is of it")
        return
    assert ranked is not None
    curve = roc_curve(ranked)
    x, y, thresholds = sk.roc_curve(given_sides.positives, given_sides.scores, drop_intermediate=False)
    assert curve.x == pytest.approx(x) and curve.y == pytest.approx(y)
    assert np.array_equal(curve.thresholds, thresholds)
    positives = given_sides.scores[given_sides.positives]
    expected = auc(positives, given_sides.scores[~given_sides.positives])
    assert curve.area == pytest.approx(expected, abs=1e-12)


@EXAMPLES
@given(IMAGES)
def test_the_precision_recall_curve_is_scikit_learns(images: Images) -> None:
    given_sides = sides(images)
    ranked = rank(given_sides)
    if ranked is None:
        return
    curve = precision_recall_curve(ranked)
    expected = sk.average_precision_score(given_sides.positives, given_sides.scores)
    assert curve.area == pytest.approx(expected, abs=1e-12)
    assert trapezoids(curve) == pytest.approx(expected, abs=1e-12)  # what is drawn is what is said
    precision, recall, thresholds = sk.precision_recall_curve(given_sides.positives, given_sides.scores)
    assert curve.y[::2] == pytest.approx(precision[:-1][::-1])
    assert curve.x[1::2] == pytest.approx(recall[:-1][::-1])
    assert np.array_equal(curve.thresholds[::2], thresholds[::-1])


def trapezoids(curve: Curve) -> float:
    return float(np.sum(np.diff(curve.x) * (curve.y[1:] + curve.y[:-1])) / 2)


@EXAMPLES
@given(st.lists(IMAGES, min_size=1, max_size=4))
def test_the_macro_average_has_the_mean_of_the_areas(cases: list[Images]) -> None:
    found = [each for each in (rank(sides(images)) for images in cases) if each is not None]
    if not found:
        return
    for draw in (roc_curve, precision_recall_curve):
        curves = [draw(each) for each in found]
        macro = macro_curve(curves)
        assert macro.area == pytest.approx(np.mean([each.area for each in curves]))
        assert trapezoids(macro) == pytest.approx(macro.area, abs=1e-9)
        assert (np.diff(macro.x) >= 0).all()


def test_the_macro_average_at_a_grid_is_the_one_of_scikit_learns_example() -> None:
    random = np.random.default_rng(0)
    labels, scores = random.integers(0, 3, 300), random.dirichlet([1, 1, 1], 300)
    curves = []
    for label in range(3):
        ranked = rank(Sides(labels == label, scores[:, label]))
        assert ranked is not None
        curves.append(roc_curve(ranked))
    grid = np.linspace(0.0013, 0.9987, 500)  # between the jumps
    mean = np.mean([np.interp(grid, each.x, each.y) for each in curves], axis=0)
    macro = macro_curve(curves)
    assert np.interp(grid, macro.x, macro.y) == pytest.approx(mean, abs=1e-9)
    one_hot = np.eye(3)[labels]
    assert macro.area == pytest.approx(sk.roc_auc_score(one_hot, scores, average="macro"))


@EXAMPLES
@given(IMAGES)
def test_thinning_keeps_the_shape(images: Images) -> None:
    ranked = rank(sides(images))
    if ranked is None:
        return
    for curve in (roc_curve(ranked), precision_recall_curve(ranked)):
        few = thinned(curve)
        assert (few.x[0], few.y[0], few.x[-1], few.y[-1]) == (
            curve.x[0],
            curve.y[0],
            curve.x[-1],
            curve.y[-1],
        )
        assert few.area == curve.area and trapezoids(few) == pytest.approx(curve.area, abs=2 * TOLERANCE)
        kept = set(zip(few.x, few.y, strict=True))
        assert kept <= set(zip(curve.x, curve.y, strict=True))
        assert max(distance(few, x, y) for x, y in zip(curve.x, curve.y, strict=True)) <= TOLERANCE + 1e-12


def test_the_corners_of_a_large_curve_stay_and_its_points_go() -> None:
    random = np.random.default_rng(1)
    positives = random.random(50_000) < 0.2
    scores = random.normal(size=50_000) + 2 * positives
    ranked = rank(Sides(positives, scores))
    assert ranked is not None
    curve = roc_curve(ranked)
    few = thinned(curve)
    assert len(few.x) < 600 and len(curve.x) > 49_000
    assert max(distance(few, x, y) for x, y in zip(curve.x[::50], curve.y[::50], strict=True)) <= TOLERANCE


def distance(curve: Curve, x: float, y: float) -> float:
    """Distance of a point from the line through a curve's points."""
    dx, dy = np.diff(curve.x), np.diff(curve.y)
    along = ((x - curve.x[:-1]) * dx + (y - curve.y[:-1]) * dy) / (dx**2 + dy**2)
    share = np.clip(along, 0, 1)
    return float(np.hypot(curve.x[:-1] + share * dx - x, curve.y[:-1] + share * dy - y).min())


def test_what_can_be_asked_of_a_network() -> None:
    def names(classes: list[str], **about: bool) -> list[str]:
        return [each.name for each in targets_of(classes, **about)]

    five = ["0", "1", "2", "3", "4"]
    assert names(five, ordered=True, gives_grade=False) == [*five, "referable"]
    assert names(five, ordered=False, gives_grade=False) == five
    assert names(five, ordered=True, gives_grade=True) == ["referable"]
    assert names(["well", "ill"], ordered=True, gives_grade=False) == ["ill"]
    assert names(["well", "ill"], ordered=True, gives_grade=True) == ["ill"]


def test_referable_is_the_sum_of_the_graver_grades_or_the_grade() -> None:
    labels = np.array([0, 1, 2, 4])
    scores = np.array(
        [[0.7, 0.2, 0.1, 0, 0], [0.1, 0.5, 0.2, 0.1, 0.1], [0, 0, 1, 0, 0], [0, 0, 0, 0.5, 0.5]]
    )
    target = targets_of(["0", "1", "2", "3", "4"], ordered=True, gives_grade=False)[-1]
    found = sides_of(target, labels, scores)
    assert found.positives.tolist() == [False, False, True, True]
    assert found.scores == pytest.approx([0.1, 0.4, 1, 1])
    assert sides_of(target, labels, np.array([[0.1], [1.2], [2.5], [3.9]])).scores.tolist() == [
        0.1,
        1.2,
        2.5,
        3.9,
    ]


def test_a_nan_or_no_image_is_said() -> None:
    assert Sides(np.array([True, False]), np.array([0.5, np.nan])).undefined == "a score is NaN"
    assert Sides(np.array([], bool), np.array([])).undefined == "there is no image"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rank(Sides(np.array([True, False]), np.array([0.5, np.nan]))) is None
