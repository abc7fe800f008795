"""Curves as a JSON document: every picture's numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from engine.metrics.curves.thinning import TOLERANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.metrics.curves.reliability import Reliability
    from engine.metrics.curves.roc import Curve
    from engine.metrics.curves.score_histogram import ScoreHistogram
    from engine.metrics.curves.split_curves import ScoreCurves, SplitCurves


def split_document(found: SplitCurves) -> dict[str, Any]:
    """Return the curves of a split; undefined is null, with the reason beside it."""
    return {"images": found.images, "tolerance": TOLERANCE, "curves": [_document(each) for each in found.of]}


def _document(curves: ScoreCurves) -> dict[str, Any]:
    return {
        "of": curves.name,
        "images": curves.images,
        "positives": curves.positives,
        "undefined": curves.no_curve or None,
        "roc": _roc(curves.roc, curves.auc_interval),
        "precision_recall": _precision_recall(curves.precision_recall),
        "reliability": _reliability(curves.reliability),
        "reliability_undefined": curves.no_reliability or None,
        "histogram": _histogram(curves.histogram),
    }


def _roc(curve: Curve | None, interval: tuple[float, float] | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "auc": curve.area,
        "auc_interval": list(interval) if interval is not None else None,
        "false_positive_rate": curve.x.tolist(),
        "sensitivity": curve.y.tolist(),
        "threshold": _finite(curve.thresholds),
    }


def _precision_recall(curve: Curve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "average_precision": curve.area,
        "recall": curve.x.tolist(),
        "precision": curve.y.tolist(),
        "threshold": _finite(curve.thresholds),
    }


def _reliability(diagram: Reliability | None) -> dict[str, Any] | None:
    if diagram is None:
        return None
    bins = [
        {"low": each.low, "high": each.high, "images": each.images, "said": each.said, "true": each.true}
        for each in diagram.bins
    ]
    return {"calibration_error": diagram.error, "bins": bins}


def _histogram(histogram: ScoreHistogram | None) -> dict[str, Any] | None:
    if histogram is None:
        return None
    return {
        "edges": list(histogram.edges),
        "positives": list(histogram.inside),
        "others": list(histogram.others),
    }


def _finite(values: NDArray[Any]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]
