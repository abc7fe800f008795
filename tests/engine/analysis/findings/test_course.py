"""Courses over the epochs that an independent check found to be called healthy."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.analysis.evidence import EpochEvidence
from engine.analysis.finding import Finding
from engine.analysis.findings.paired_epochs import mid_p
from engine.spec.grid import make_spec
from tests.support.judged import findings_of, predictions, verdict_of

TRAIN = (500, 500)
LABELS = (250, 250)


def epoch(
    number: int, test: float, nll: float | None = 0.6, loss: float = 0.5, train: float = 0.8
) -> EpochEvidence:
    """Half of 500 predictions are each class."""
    return EpochEvidence(number, loss, train, test, 0.5, None, answers=LABELS, labels=LABELS, test_nll=nll)


def found_in(
    tests: Sequence[float],
    nlls: Sequence[float] = (),
    losses: Sequence[float] = (),
    trains: Sequence[float] = (),
    *,
    known: dict[str, Any] | None = None,
    **settings: Any,
) -> dict[str, Finding]:
    history = [
        epoch(
            number,
            test,
            *(values[number - 1] if values else default
              for values, default in ((nlls, 0.6), (losses, 0.5), (trains, 0.8))),
        )
        for number, test in enumerate(tests, start=1)
    ]  # fmt: skip
    spec = make_spec({"data": "folder", "epochs": len(tests), "batch_size": 8, **settings})
    return findings_of(history, spec, TRAIN, **(known or {}))


def test_accuracy_that_fell_by_a_quarter_is_worse_than_its_best_though_the_nll_hardly_rose() -> None:
    found = found_in([0.8, 0.9, 0.95, 0.9, 0.8, 0.7], [0.5, 0.45, 0.4, 0.41, 0.42, 0.436])
    finding = found["worse_than_best"]
    assert (finding.severity, finding.since_epoch, finding.change) == ("warning", 4, {"epochs": 3})
    assert finding.evidence.startswith("25 % of accuracy lost since epoch 3; test NLL 0.4 to 0.436; ")
    assert "not paired: judged from accuracies alone" in finding.evidence
    assert "best 95 % in epoch 3, last 70 % in epoch 6, baseline 50 %" in finding.evidence


def test_a_best_first_epoch_of_twenty_is_worse_than_its_best() -> None:
    falling = [0.61 - 0.01 * number for number in range(20)]
    found = found_in(falling, trains=[0.6] * 20)
    assert found["worse_than_best"].change == {"epochs": 1}
    assert "below_baseline" in found, "and .42 is below .5"


def test_a_crash_in_the_last_epoch_is_unstable() -> None:
    found = found_in([0.6, 0.75, 0.82, 0.85, 0.87, 0.3])
    gravest = next(iter(found.values()))
    assert found["unstable"].headline == "crash in the last epoch"
    assert "accuracy fell from 87 % to 30 % in epoch 6" in found["unstable"].evidence
    assert {"worse_than_best", "below_baseline"} <= found.keys() and gravest.severity != "note"


def test_jumps_of_sampling_error_are_no_instability() -> None:
    assert "unstable" not in found_in([0.8, 0.83, 0.79, 0.82, 0.8, 0.84])
    assert "unstable" not in found_in([0.8, 0.5, 0.8, 0.85, 0.86, 0.86]), "it has settled since"
    assert "unstable" in found_in([0.8, 0.85, 0.86, 0.6, 0.86, 0.6, 0.86])


def test_an_nll_of_three_and_a_half_times_its_lowest_is_told_though_the_training_loss_rose() -> None:
    found = found_in([0.8, 0.82, 0.82, 0.82], [0.4, 0.38, 0.8, 1.33], [0.4, 0.4, 0.6, 0.8])
    assert found["nll_risen"].severity == "warning" and "overfitting" not in found
    assert "3.5 times its lowest 0.38 in epoch 2" in found["nll_risen"].evidence


def test_more_confident_mistakes_are_softened_before_training_less_is_advised() -> None:
    """At a fifth of the images right, an epoch less is no way to get further."""
    rose = found_in([0.8, 0.82, 0.84, 0.86], [0.4, 0.38, 0.8, 1.33])["nll_risen"]
    assert rose.change == {"label_smoothing": 0.1}
    assert rose.suggestion.endswith("lr 0.01 → 0.001, then epochs 4 → 2")
    fell = found_in([0.8, 0.86, 0.84, 0.82], [0.4, 0.38, 0.8, 1.33])["nll_risen"]
    assert fell.change == {"epochs": 2}


def test_all_training_images_by_heart_at_90_steps_is_overfitting() -> None:
    """At .60 on test, better than chance: it is no lag of BatchNorm."""
    history = [epoch(number, 0.6, 0.9, 0.01, 1.0) for number in (1, 2)]
    found = findings_of(history, make_spec({"data": "folder", "epochs": 2, "batch_size": 22}), TRAIN)
    assert found["overfitting"].severity == "warning"
    assert "training accuracy 100 %, 40 % above test" in found["overfitting"].evidence
    assert "batchnorm_lag" not in found


def test_before_thirty_steps_nothing_is_overfitting() -> None:
    """BatchNorm's running statistics are those of the beginning still."""
    history = [epoch(number, 0.6, 0.9, 0.01, 1.0) for number in (1, 2)]
    found = findings_of(history, make_spec({"data": "folder", "epochs": 2, "batch_size": 100}), TRAIN)
    assert "overfitting" not in found


@pytest.mark.parametrize("gap", [0.05, 0.09, 0.1, 0.11, 0.15])
def test_no_gap_is_a_cliff(gap: float) -> None:
    """A test NLL that rose by nearly a half tells, whatever side of a tenth the gap is on."""
    tests = [0.7, 0.75, 0.74, 0.74, 0.74]
    trains = [0.6, 0.7, 0.74, 0.74 + gap, 0.74 + gap]
    found = found_in(tests, [0.55, 0.5, 0.6, 0.7, 0.72], [0.6, 0.5, 0.4, 0.3, 0.25], trains)
    assert "overfitting" in found


def test_a_fall_from_95_to_70_is_not_called_still_improving() -> None:
    falling = [1.2, 1.0, 0.8, 0.7, 0.6, 0.5]
    tests, nlls = [0.8, 0.9, 0.95, 0.9, 0.8, 0.7], [0.9, 0.8, 0.7, 0.72, 0.73, 0.74]
    found = found_in(tests, nlls, falling, [0.6, 0.7, 0.8, 0.85, 0.87, 0.89])
    assert "worse_than_best" in found and "still_improving" not in found


def test_accuracy_that_fell_each_epoch_is_at_least_noted() -> None:
    found = found_in([0.82, 0.81, 0.8, 0.79])
    assert (found["worse_than_best"].severity, found["worse_than_best"].headline) == (
        "note",
        "accuracy fell each epoch",
    )
    assert "worse_than_best" not in found_in([0.82, 0.81, 0.82, 0.79])


def paired(lost: int, won: int, groups: Sequence[str] | None = None) -> dict[str, Finding]:
    """500 images, of which epoch 1 has 400 correct, and epoch 2 `lost` fewer and `won` more."""
    first = np.array([1] * 400 + [0] * 100)
    second = first.copy()
    second[:lost], second[400 : 400 + won] = 0, 1
    labels = np.repeat([0, 1], 250)
    rows = [[0] * 500, list(first), list(second)]
    known = {"predictions": predictions(rows, labels, groups)}
    return found_in([0.8, second.mean()], known=known)


def test_epochs_are_paired_on_the_same_images() -> None:
    """15 lost and none won is certain; 55 lost and 40 won, the same fall, is not: unpaired they look alike."""
    sure = paired(15, 0)["worse_than_best"]
    assert (
        "the other half then loses 15 and wins 0 of 500" in sure.evidence and "p = 1.5e-05" in sure.evidence
    )
    assert "worse_than_best" not in paired(55, 40)


def test_groups_of_images_count_as_one() -> None:
    """The 15 lost images are of one patient."""
    assert "worse_than_best" not in paired(15, 0, ["ill"] * 15 + [f"p{number}" for number in range(485)])
    assert "worse_than_best" in paired(15, 0, [f"p{number // 2}" for number in range(500)])


def test_the_luckiest_of_many_equal_epochs_is_no_best_epoch() -> None:
    """60 epochs, each right in 80 % of 300 images at random: the best is above the last in nearly all runs."""
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1], 150)
    said = 0
    for _ in range(20):
        rows = [rng.random(300) < 0.8 for _ in range(61)]
        tests = [float(row.mean()) for row in rows[1:]]
        known = {"predictions": predictions(rows, labels, None)}
        said += "worse_than_best" in found_in(tests, trains=[0.8] * 60, known=known)
    assert said <= 3


def test_an_epoch_that_val_chose_is_compared_on_all_images() -> None:
    labels = np.repeat([0, 1], 250)
    rows = [np.zeros(500), np.ones(500), np.arange(500) >= 15]
    known = {"predictions": predictions(rows, labels, None), "best_epoch": 1}
    found = found_in([1.0, 0.97], known=known, select_on="val_acc", val_fraction=0.1)
    assert "15 images lost, 0 won on the same test images" in found["worse_than_best"].evidence


def test_mid_p_is_that_of_the_binomial() -> None:
    from scipy.stats import binom

    for lost, won in ((4, 0), (9, 2), (60, 40), (0, 0), (3, 3)):
        images = lost + won
        exact = binom.sf(lost, images, 0.5) + binom.pmf(lost, images, 0.5) / 2
        assert mid_p(lost, won) == pytest.approx(exact, rel=1e-9)


def test_the_luckiest_of_many_epochs_is_no_loss() -> None:
    """Of equal epochs the best is above the last: the more epochs, the more; 200 runs of 20 epochs of one network."""
    rng = np.random.default_rng(3)
    said = 0
    for _ in range(200):
        right = rng.random((21, 500)) < 0.8
        labels = np.repeat([0, 1], 250)
        accuracies = [float(row.mean()) for row in right[1:]]
        found = found_in(accuracies, known={"predictions": predictions(right.tolist(), labels)})
        said += found.get("worse_than_best", replace(NOTE, severity="note")).severity != "note"
    assert said <= 24


NOTE = Finding("worse_than_best", "note", "", "")


def test_a_source_that_beats_every_trained_epoch_is_told() -> None:
    history = [epoch(0, 0.9, 0.3), epoch(1, 0.8), epoch(2, 0.82)]
    spec = make_spec({"data": "folder", "epochs": 2, "batch_size": 8, "pretrained": "run:3"})
    finding = findings_of(history, spec, TRAIN)["source_better"]
    assert (finding.severity, finding.change) == ("warning", {"lr": 0.001})
    assert "source, epoch 0: 90 %, better than each of 2 trained epochs" in finding.evidence
    near = [replace(history[0], test_acc=0.825), *history[1:]]
    assert findings_of(near, spec, TRAIN)["source_better"].severity == "note"
    scratch = make_spec({"data": "folder", "epochs": 2, "batch_size": 8})
    assert "source_better" not in findings_of(history, scratch, TRAIN)


def test_the_old_word_is_healthy_only_where_nothing_graver_than_a_note_stands() -> None:
    spec = make_spec({"data": "folder", "epochs": 6, "batch_size": 8})

    def word(*tests: float) -> str:
        return verdict_of([epoch(n, test) for n, test in enumerate(tests, 1)], spec, TRAIN).kind

    assert word(0.6, 0.7, 0.8, 0.85, 0.86, 0.87) == "healthy"
    assert word(0.95, 0.95, 0.95, 0.85, 0.83, 0.8) == "worse_than_best", "there was no word for it"
    assert word(0.5, 0.51, 0.49, 0.5, 0.51, 0.5) == "underfitting"


def crash(select_on: str = "test_acc", **known: Any) -> dict[str, Finding]:
    """Twenty patients, both of whose images are correct in epoch 1 and wrong in epoch 2."""
    rows = [[0] * 40, [1] * 40, [0] * 40]
    groups = [f"p{number // 2}" for number in range(40)]
    known = {"predictions": predictions(rows, np.repeat([0, 1], 20), groups), **known}
    return found_in([1.0, 0.0], known=known, select_on=select_on)


def test_a_total_crash_of_all_groups_is_worse_though_they_have_no_spread() -> None:
    found = crash()["worse_than_best"]
    assert found.severity == "warning" and "loses 40 and wins 0 of 40" in found.evidence
    assert "p = 4.8e-07" in found.evidence, "half of 2^-20"


def test_one_sentence_is_about_the_epoch_that_select_on_chose() -> None:
    """By balanced accuracy epoch 1 is the best, by accuracy epoch 2, against which epoch 3 lost much."""
    labels = np.array([0] * 400 + [1] * 100)
    first = np.array([1] * 300 + [0] * 100 + [1] * 100)  # .80, balanced .875
    second = np.array([1] * 400 + [0] * 50 + [1] * 50)  # .90, balanced .75
    last = np.array([1] * 298 + [0] * 102 + [1] * 50 + [0] * 50)  # .696
    rows = [[0] * 500, list(first), list(second), list(last)]
    known = {"predictions": predictions(rows, labels), "best_epoch": 1}
    found = found_in([0.8, 0.9, last.mean()], known=known, select_on="test_balanced_acc")
    text = found["worse_than_best"].evidence
    assert "lost since epoch 1" in text and "loses 52 and wins 0 of 500" in text
    known["best_epoch"] = 1
    text = found_in([0.8, 0.9, last.mean()], known=known, select_on="test_auc")["worse_than_best"].evidence
    assert "52 images lost, 0 won" in text and "times 3 epochs to choose from" in text


def test_an_epoch_that_is_less_accurate_than_the_last_has_lost_nothing() -> None:
    """The AUC chose epoch 1; that epoch 2 was the most accurate is another event."""
    labels = np.repeat([0, 1], 250)
    rows = [np.zeros(500), np.arange(500) < 400, np.arange(500) < 480, np.arange(500) < 410]
    known = {"predictions": predictions(rows, labels), "best_epoch": 1}
    assert "worse_than_best" not in found_in([0.8, 0.96, 0.82], known=known, select_on="test_auc")


def test_a_source_that_is_better_is_compared_with_the_luckiest_epoch_and_says_so() -> None:
    history = [epoch(0, 0.9, 0.3), epoch(1, 0.8), epoch(2, 0.82)]
    spec = make_spec({"data": "folder", "epochs": 2, "batch_size": 8, "pretrained": "run:3"})
    text = findings_of(history, spec, TRAIN)["source_better"].evidence
    assert "compared with epoch 2, the best of 2 on these images" in text


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_was_not_finite_is_no_loss_to_fall_from(broken: float) -> None:
    better, nlls = [0.7, 0.75, 0.8], [0.9, 0.7, 0.69]
    assert "still_improving" in found_in(better, nlls[:2] + [0.5], [0.9, 0.7, 0.5])
    assert "still_improving" not in found_in(better, nlls, [0.9, broken, 0.5])
    risen = found_in(better, [0.2, 0.5, 0.7], [broken, 0.6, 0.5])["nll_risen"]
    assert "training loss" not in risen.evidence
