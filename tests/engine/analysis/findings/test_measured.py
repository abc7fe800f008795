"""Runs whose train images were evaluated after the last epoch: overfitting and BatchNorm's lag by measurement."""

from dataclasses import replace
from typing import Any

import pytest

from engine.analysis.evidence import EpochEvidence
from engine.analysis.finding import Finding
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
            f"{100 * evaluated:.4g} % of 200 train images correct in evaluation mode"
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
        "90 % in its batches, 35 % on 200 train images in evaluation mode, test accuracy 30 %"
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


def test_evaluated_images_are_all_or_a_thousand() -> None:
    many = (20_000,) * 5
    part, whole = (
        judged(evaluated=0.95, history=FLAT, train=many, eval_train=each)["overfitting"].evidence
        for each in (False, True)
    )
    assert "95 % of 1,000 train images correct" in part and "95 % of 100,000 train images correct" in whole
    assert "(11.2 standard errors)" in part and "(11.4 standard errors)" in whole


def test_lag_explains_a_gap_and_after_many_steps_the_rate_is_what_to_change() -> None:
    few = judged(evaluated=0.7, nll=0.5, history=LAGS)
    assert "batchnorm_lag" in few and "overfitting" not in few
    assert few["batchnorm_lag"].change == {"epochs": 9}
    many = judged(evaluated=0.7, nll=0.5, history=LAGS, train=(4_000,) * 5)["batchnorm_lag"]
    assert many.suggestion.startswith("lr 0.01 → 0.001") and " epochs" not in many.suggestion


def test_train_images_that_are_not_fitted_are_not_overfitted() -> None:
    poor = epochs([0.25, 0.2, 0.2], [1.5, 1.4, 2.5], trains=[0.3, 0.4, 0.4], losses=[1.6, 1.5, 1.2])
    found = judged(evaluated=0.45, nll=1.2, history=poor)
    assert "overfitting" not in found and "nll_risen" in found


IMPROVES = epochs(
    [0.4, 0.5, 0.6, 0.7, 0.8, 0.85],
    [1.5, 1.3, 1.1, 0.9, 0.6, 0.4],
    trains=[0.3, 0.4, 0.5, 0.6, 0.8, 0.98],
    losses=[1.6, 1.4, 1.2, 1.0, 0.8, 0.6],
)


@pytest.mark.parametrize(
    ("evaluated", "improves"), [(0.9, True), (0.97, False), (0.96, False), (None, False)]
)
def test_still_improving_is_judged_by_the_evaluated_images(evaluated: float | None, improves: bool) -> None:
    """And by a running average above .97 where there are none."""
    found = judged(evaluated=evaluated, history=IMPROVES)
    assert ("still_improving" in found) == improves
    if improves:
        assert "accuracy 90 % on 200 train images in evaluation mode" in found["still_improving"].evidence


def test_a_val_split_decides_whether_it_still_improves() -> None:
    by_val = [replace(each, val_nll=each.test_nll) for each in IMPROVES]
    told = judged(evaluated=0.9, history=by_val, val_fraction=0.1)["still_improving"].evidence
    assert "val loss 0.9 to 0.4 over the last third" in told and "test loss" not in told
    flat = [replace(each, val_nll=0.7) for each in IMPROVES]
    assert "still_improving" not in judged(evaluated=0.9, history=flat, val_fraction=0.1)
