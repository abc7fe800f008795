"""Runs made of numbers, and the findings about them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.analysis.evidence import EpochEvidence
from engine.analysis.finding import Finding
from engine.analysis.findings.case import Predictions
from engine.analysis.findings.judging import judge, make_case
from engine.analysis.verdict import Verdict, derived_verdict
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec


def findings_of(
    history: Sequence[EpochEvidence], spec: RunSpec, train: Sequence[int] = (), **known: Any
) -> dict[str, Finding]:
    """By kind, in their order, each checked: its texts are single lines, it names the test accuracies of the best and
    of the last epoch and the baseline, and its change is one that a clone can take."""
    case = make_case(history, spec, train, **known)
    assert case is not None
    found = judge(case)
    for each in found:
        for text in (each.headline, each.evidence, each.ruled_out, each.suggestion):
            assert "\n" not in text and len(text) <= 500
        assert each.evidence and 0 < len(each.headline) <= 25
        changed = make_spec({**spec.model_dump(), **each.change})
        assert (changed != spec) == bool(each.change) == bool(each.suggestion)
        if case.best.test_acc is not None:
            by_metric = (
                spec.select_on != "test_acc" and case.best.epoch == case.best_epoch != case.latest.epoch
            )
            assert "test accuracy: best" in each.evidence or by_metric
            assert f"(chosen by {spec.select_on}) in epoch" in each.evidence or not by_metric
            assert " last " in each.evidence or case.latest.test_acc is None
            assert ", baseline " in each.evidence or case.latest.baseline is None
    assert len({each.kind for each in found}) == len(found)
    return {each.kind: each for each in found}


def verdict_of(
    history: Sequence[EpochEvidence], spec: RunSpec, train: Sequence[int] = (), **known: Any
) -> Verdict:
    case = make_case(history, spec, train, **known)
    assert case is not None
    return derived_verdict(case, judge(case))


def predictions(
    correct: Sequence[Sequence[int]], labels: NDArray[np.int64], groups: Sequence[str] | None = None
) -> Predictions:
    """Predictions of two classes of which these are correct (epochs × images, row 0 being epoch 0)."""
    right = np.asarray(correct, dtype=bool)
    answers = np.where(right, labels, 1 - labels).astype(np.uint16)
    return Predictions(answers, labels, tuple(groups) if groups is not None else None)
