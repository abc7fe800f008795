"""Whether a side of a comparison has learnt anything, by the predictions that are compared."""

import numpy as np

from engine.analysis.chance import SIGNIFICANT, exact_beyond_chance, is_near_chance, may_hide_learning
from engine.analysis.comparison.sides import RunPredictions, Side
from engine.analysis.evidence import EpochEvidence


def has_learnt_nothing(side: Side) -> bool:
    """Tell whether each run of a side predicts one class or is hardly better than chance.

    Runs that few test images cannot tell from chance may have learnt something, as have those that are worse."""
    return bool(side.runs) and all(map(_is_useless, side.runs))


def _is_useless(run: RunPredictions) -> bool:
    if not len(run.answers):
        return False
    if (run.answers == run.answers[0]).all():
        return True
    evidence = _evidence_of(run)
    exact = exact_beyond_chance(evidence)
    is_worse = exact is not None and exact <= -SIGNIFICANT
    return bool(is_near_chance(evidence)) and not is_worse and not may_hide_learning(evidence)


def _evidence_of(run: RunPredictions) -> EpochEvidence:
    classes = int(max(run.labels.max(), run.answers.max())) + 1
    labels, answers = (
        tuple(map(int, np.bincount(each, minlength=classes))) for each in (run.labels, run.answers)
    )
    return EpochEvidence(run.epoch, None, None, float(run.correct.mean()), None, run.kappa, answers, labels)
