"""Precision-recall curve: precision over recall at all thresholds."""

from __future__ import annotations

from engine.metrics.curves.ranked import Ranked
from engine.metrics.curves.roc import Curve


def precision_recall_curve(ranked: Ranked) -> Curve:
    """Return the precision-recall curve as steps, from the first recall to 1; its area is the average precision.

    Average precision is Σ (R_n − R_{n−1}) · P_n over the distinct scores, scikit-learn's `average_precision_score`: no
    line is drawn between two points, for precision does not change linearly with recall (Davis and Goadrich, ICML
    2006). Of a random score it is the share of positives."""
    import numpy as np

    recall = ranked.found / ranked.positives
    precision = ranked.found / (ranked.found + ranked.alarms)
    before = np.concatenate(([0.0], recall[:-1]))
    area = float(np.sum((recall - before) * precision))
    x = np.stack([before, recall], axis=1).ravel()
    return Curve(x, np.repeat(precision, 2), np.repeat(ranked.thresholds, 2), area)
