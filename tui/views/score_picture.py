"""Page of scores: a drawing, a table beside it, a line that reads the cursor. Pure."""

from dataclasses import dataclass
from typing import TypeAlias

from engine.metrics.curves.reliability import Reliability
from engine.metrics.curves.roc import Curve
from engine.metrics.curves.score_histogram import ScoreHistogram
from engine.metrics.curves.split_curves import ALL_CLASSES, ScoreCurves
from tui.formatting import decimals, plain
from tui.plots import INK, MirrorBars, ReliabilityBars, Square, SquareLine
from tui.plots.ink import Colour

ROC, PRECISION_RECALL, RELIABILITY, HISTOGRAM = "ROC", "precision-recall", "reliability", "histogram"
KINDS = (ROC, PRECISION_RECALL, RELIABILITY, HISTOGRAM)
PLACES = 40
"""Places of the cursor on a curve, at equal distances along it."""
KEYS = "← → values, ↑ ↓ class"
DIAGONAL = ((0.0, 0.0), (1.0, 1.0))
Drawing: TypeAlias = Square | ReliabilityBars | MirrorBars | str
"""Drawing, or the reason in words why there is none."""


@dataclass(frozen=True)
class Row:
    """Line of the table beside the drawing."""

    name: str
    cells: tuple[str, ...]
    colour: Colour | None = None
    """Colour of its line in the drawing; None where it has none."""
    marker: str = ""
    is_chosen: bool = False


@dataclass(frozen=True)
class ScorePicture:
    kind: str
    about: str
    """Images and epoch that it is of."""
    drawing: Drawing
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    says: str
    """Values at the cursor, else what the drawing shows."""


def curve_of(curves: ScoreCurves, kind: str) -> Curve | None:
    return curves.roc if kind == ROC else curves.precision_recall


def columns_of(kind: str) -> tuple[str, ...]:
    """Return the headings of the numbers beside the drawing."""
    if kind == ROC:
        return "n", "AUC", "95 %"
    if kind == PRECISION_RECALL:
        return "n", "AP", "share"
    return ("n", "ECE") if kind == RELIABILITY else ("n", "others")


def cells_of(curves: ScoreCurves, kind: str) -> tuple[str, ...]:
    """Return the numbers of a class: how many images, and what the drawing comes to."""
    count = f"{curves.positives:,}" if curves.name != ALL_CLASSES else f"{curves.images:,}"
    if kind == ROC:
        low, high = curves.auc_interval or (None, None)
        between = "–" if low is None else f"{decimals(low, 3)}–{decimals(high, 3)}"
        return count, decimals(curves.roc.area if curves.roc else None, 3), between
    if kind == PRECISION_RECALL:
        is_mean = curves.name == ALL_CLASSES
        share = None if is_mean or not curves.images else curves.positives / curves.images
        steps = curves.precision_recall
        return count, decimals(steps.area if steps else None, 3), decimals(share, 3)
    if kind == RELIABILITY:
        diagram = curves.reliability
        return count, decimals(diagram.error if diagram else None, 3)
    return f"{curves.positives:,}", f"{curves.images - curves.positives:,}"


def square_of(
    curves: ScoreCurves, kind: str, lines: tuple[SquareLine, ...], cursor: int | None
) -> Square | str:
    """Return the square with a curve and its cursor; `lines` hold it, and what is drawn beside it."""
    curve = curve_of(curves, kind)
    if curve is None:
        return f"no curve of {curves.name}: {curves.no_curve}"
    point = None
    if cursor is not None:
        at = point_at(curve, cursor)
        point = float(curve.x[at]), float(curve.y[at])
    if kind == ROC:
        return Square(lines, "x: 1 − specificity, y: sensitivity", (DIAGONAL,), point)
    share = curves.positives / curves.images
    guides = () if curves.name == ALL_CLASSES else (((0.0, share), (1.0, share)),)
    return Square(lines, "x: recall, y: precision", guides, point)


def points_of(curve: Curve) -> tuple[tuple[float, float], ...]:
    return tuple(zip(curve.x.tolist(), curve.y.tolist(), strict=True))


def point_at(curve: Curve, place: int) -> int:
    """Return the point of a curve at a place of the cursor, 0 to PLACES, counted along the curve."""
    import numpy as np

    steps = np.abs(np.diff(curve.x)) + np.abs(np.diff(curve.y))
    along = np.concatenate(([0.0], np.cumsum(steps)))
    return int(np.abs(along - along[-1] * place / PLACES).argmin())


def reading_of(curves: ScoreCurves, kind: str, cursor: int | None) -> str:
    """Return the values at the cursor in words; without one, how to read the drawing."""
    if kind in (ROC, PRECISION_RECALL):
        return _curve_reading(curves, kind, cursor)
    if kind == RELIABILITY:
        return _bin_reading(curves, cursor)
    return _histogram_reading(curves, cursor)


def _curve_reading(curves: ScoreCurves, kind: str, cursor: int | None) -> str:
    curve = curve_of(curves, kind)
    if curve is None:
        return ""
    if cursor is None:
        if curves.name == ALL_CLASSES:
            return f"mean of all classes; {KEYS}"
        guide = "diagonal: a score that says nothing" if kind == ROC else "level: a score that says nothing"
        return f"{guide}; {KEYS}"
    at = point_at(curve, cursor)
    x, y, threshold = float(curve.x[at]), float(curve.y[at]), float(curve.thresholds[at])
    if threshold != threshold:
        where = "mean of the classes"
    else:
        where = "no image called positive" if threshold == float("inf") else f"score ≥ {threshold:.4g}"
    if kind == ROC:
        return f"{where}: sensitivity {decimals(y, 3)}, specificity {decimals(1 - x, 3)}"
    return f"{where}: recall {decimals(x, 3)}, precision {decimals(y, 3)}"


def _bin_reading(curves: ScoreCurves, cursor: int | None) -> str:
    diagram = curves.reliability
    if diagram is None:
        return ""
    if cursor is None:
        return "bar: share that is true; line: probability; below: images; " + KEYS
    found = diagram.bins[min(cursor, len(diagram.bins) - 1)]
    where = f"p above {decimals(found.low, 3)} to {decimals(found.high, 3)}"
    if not found.images:
        return f"{where}: no image"
    return f"{where}: {found.images:,} images, said {decimals(found.said, 3)}, true {decimals(found.true, 3)}"


def _histogram_reading(curves: ScoreCurves, cursor: int | None) -> str:
    found = curves.histogram
    if found is None:
        return ""
    if cursor is None:
        return f"each kind in shares of its own images; {KEYS}"
    at = min(cursor, len(found.inside) - 1)
    first, second = kinds_of(curves)
    where = f"{decimals(found.edges[at], 3)} to {decimals(found.edges[at + 1], 3)}"
    return f"score {where}: {first}: {found.inside[at]:,}, {second}: {found.others[at]:,}"


def kinds_of(curves: ScoreCurves) -> tuple[str, str]:
    """Return the names of both kinds of images."""
    return ("correct", "wrong") if curves.name == ALL_CLASSES else (plain(curves.name), "others")


def bars_of(diagram: Reliability, cursor: int | None) -> ReliabilityBars:
    return ReliabilityBars(
        tuple(each.true for each in diagram.bins),
        tuple(each.said for each in diagram.bins),
        tuple(each.images for each in diagram.bins),
        cursor,
    )


def mirror_of(curves: ScoreCurves, found: ScoreHistogram, cursor: int | None) -> MirrorBars:
    inside, others = (tuple(_shares(counts)) for counts in (found.inside, found.others))
    return MirrorBars(inside, others, kinds_of(curves), found.edges[-1], cursor)


def _shares(counts: tuple[int, ...]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]


def places_of(curves: ScoreCurves, kind: str) -> int:
    """Return the highest place of the cursor."""
    if kind == RELIABILITY:
        return len(curves.reliability.bins) - 1 if curves.reliability else 0
    if kind == HISTOGRAM:
        return len(curves.histogram.inside) - 1 if curves.histogram else 0
    return PLACES


def line_of(
    curves: ScoreCurves, kind: str, colour: Colour | None = None, marker: str = ""
) -> SquareLine | None:
    """Return a curve, or the reliability of bins with images, as a line; None where it is undefined."""
    if kind == RELIABILITY:
        diagram = curves.reliability
        points = [
            (each.said, each.true)
            for each in (diagram.bins if diagram else ())
            if each.said is not None and each.true is not None
        ]
        return SquareLine(tuple(points), colour or INK.test, marker) if points else None
    curve = curve_of(curves, kind)
    return None if curve is None else SquareLine(points_of(curve), colour or INK.test, marker)
