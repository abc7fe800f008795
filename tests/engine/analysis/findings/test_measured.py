"""Runs whose train images were evaluated after the last epoch: overfitting and BatchNorm's lag by measurement."""

from dataclasses import replace
from typing import Any

import pytest

from engine.analysis.evidence import EpochEvidence
from engine.analysis.finding import Finding
from engine.spec.constants import EVALUATED_TRAIN_IMAGES
from engine.spec.grid import make_spec
from tests.support.judged import findings_of

LABELS = (40,) * 5
TRAIN = (40,) * 5


def judged(
    *, evaluated: float | None, nll: float | None = 0.3, history: list[EpochEvidence], **settings: Any
) -> dict[str, Finding]:
    """Judge a run whose last epoch evaluated its train images so."""
    last = replace(history[-1], eval_train_acc=evaluated, eval_train_nll=nll)
    train = settings.pop("train", TRAIN)
    spec = make_spec({"data": "folder", "epochs": len(history), "batch_size": 16, **settings})
    return findings_of([*history[:-1], last], spec, train)


def epochs(
    tests: list[float], nlls: list[float], *, trains: list[float], losses: list[float]
) -> list[EpochEvidence]:
    rows = zip(tests, nlls, trains, losses, strict=True)
    return [
        EpochEvidence(
            number, loss, train, test, 0.2, None, answers=LABELS, labels=LABELS, max_logit=4.0, test_nll=nll
        )
        for number, (test, nll, train, loss) in enumerate(rows, start=1)
    ]


FLAT = epochs([0.4, 0.5, 0.55], [1.4, 1.2, 1.18], trains=[0.4, 0.6, 0.75], losses=[1.5, 1.0, 0.7])
RISEN = epochs([0.5, 0.6, 0.6], [1.2, 1.0, 1.5], trains=[0.5, 0.7, 0.8], losses=[1.2, 0.8, 0.5])


@pytest.mark.parametrize(
    ("evaluated", "expected"),
    [(0.95, "warning"), (0.91, "warning"), (0.86, "warning"), (0.7, None), (0.55, None)],
)
def test_a_gap_between_evaluated_images_is_overfitting_though_the_nll_did_not_rise(
    evaluated: float, expected: str | None
) -> None:
    found = judged(evaluated=evaluated, history=FLAT)
    assert (found["overfitting"].severity if "overfitting" in found else None) == expected
    if expected:
        assert (
            f"{100 * evaluated:.4g} % of train images correct in evaluation mode"
            in found["overfitting"].evidence
        )
    assert "overfitting" not in judged(evaluated=None, history=FLAT), (
        "the running average alone does not tell"
    )


def test_known_by_heart_with_a_small_gap_is_a_note() -> None:
    near = epochs([0.6, 0.8, 0.85], [1.2, 0.6, 0.6], trains=[0.6, 0.9, 0.93], losses=[1.2, 0.4, 0.2])
    assert judged(evaluated=0.97, history=near)["overfitting"].severity == "note"
    assert "overfitting" not in judged(evaluated=0.94, history=near)


def test_a_risen_nll_is_overfitting_where_the_train_images_are_fitted() -> None:
    found = judged(evaluated=0.82, history=RISEN)["overfitting"]
    assert found.severity == "warning" and "test NLL 1.5, lowest 1 in epoch 2" in found.evidence
    assert found.change == {"pretrained": "imagenet"} and "epochs 3 → 2" in found.suggestion


@pytest.mark.parametrize(
    ("evaluated", "nll", "why"),
    [
        (0.62, 0.9, "hardly better on the train images"),
        (0.72, 0.9, "less than the batches' own by more than .05: the running statistics lag"),
        (0.82, 1.45, "the NLL of the train images is no lower"),
    ],
)
def test_a_risen_nll_alone_is_no_overfitting(evaluated: float, nll: float, why: str) -> None:
    found = judged(evaluated=evaluated, nll=nll, history=RISEN)
    assert "overfitting" not in found and "nll_risen" in found, why


def test_the_balanced_sampler_changes_nothing_of_the_comparison() -> None:
    assert "overfitting" in judged(evaluated=0.95, history=FLAT, sampler="balanced")


LAGS = epochs([0.2, 0.3, 0.3], [2.0, 1.9, 1.9], trains=[0.5, 0.8, 0.9], losses=[1.2, 0.6, 0.3])


def test_lag_is_what_evaluation_mode_takes_from_the_same_images() -> None:
    found = judged(evaluated=0.35, nll=1.7, history=LAGS)
    assert (
        "90 % in its batches, 35 % on such images in evaluation mode, test accuracy 30 %"
        in found["batchnorm_lag"].evidence
    )
    assert "overfitting" not in found
    known = judged(evaluated=0.88, nll=0.2, history=LAGS)
    assert "batchnorm_lag" not in known and known["overfitting"].severity == "warning"


def test_weights_that_explode_do_not_lag() -> None:
    loud = [replace(each, train_loss=40.0) for each in LAGS]
    assert "batchnorm_lag" not in judged(evaluated=0.35, nll=30.0, history=loud)


def test_a_few_evaluated_images_show_no_lag() -> None:
    assert "batchnorm_lag" in judged(evaluated=0.75, history=LAGS)
    assert "batchnorm_lag" not in judged(evaluated=0.75, history=LAGS, train=(4,) * 5)
    assert EVALUATED_TRAIN_IMAGES >= 1000, "an error of 1.6 points at most"
