"""Networks that failed outright: told by their predictions, not by accuracy or loss."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.analysis.evidence import EpochEvidence, number
from engine.analysis.finding import Finding
from engine.analysis.findings.judging import collapsed_epochs, make_case
from engine.analysis.majority_class import majority_class_loss
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec, choices_of
from tests.support import judged

LABELS = (5154, 488, 1082, 175, 127)
TRAIN = (20_656, 1_955, 4_210, 698, 581)
BASELINE = 5154 / 7026
ALL_ZERO = (7026, 0, 0, 0, 0)
SPREAD = (5600, 100, 1000, 200, 126)
PUBLISHED_LOSSES = (0.942, 0.878, 0.870, 0.866, 0.863, 0.860, 0.857, 0.854, 0.851, 0.847)
LOSSES = choices_of("loss")


def spec_of(**settings: Any) -> RunSpec:
    return make_spec({"data": "lab", "epochs": 10, "batch_size": 4, "lr": 1e-3, **settings})


def epoch(number: int, answers: tuple[int, ...] = SPREAD, loss: float | None = 0.8) -> EpochEvidence:
    return EpochEvidence(
        epoch=number,
        train_loss=loss,
        train_acc=0.735,
        test_acc=BASELINE,
        baseline=BASELINE,
        kappa=0.0 if answers == ALL_ZERO else 0.6,
        answers=answers,
        labels=LABELS,
    )


def found_in(history: Sequence[EpochEvidence], **settings: Any) -> dict[str, Finding]:
    return judged.findings_of(history, spec_of(**settings), TRAIN)


def gravest_of(history: Sequence[EpochEvidence], **settings: Any) -> Finding:
    return next(iter(found_in(history, **settings).values()))


def old_word(history: Sequence[EpochEvidence], **settings: Any) -> str:
    return judged.verdict_of(history, spec_of(**settings), TRAIN).kind


def published_collapse() -> list[EpochEvidence]:
    history = [epoch(number, ALL_ZERO, loss) for number, loss in enumerate(PUBLISHED_LOSSES, start=1)]
    history[-1] = replace(history[-1], max_logit=3.0, grad_norm=0.12, grad_norm_first=0.03)
    return history


def test_a_falling_loss_does_not_hide_a_collapse() -> None:
    verdict = gravest_of(published_collapse())
    assert (verdict.kind, verdict.since_epoch) == ("collapsed", 1)
    assert verdict.evidence == (
        "epoch 10: 100 % of predictions are class 0 (73.36 % of labels), nearly all since epoch 1; "
        "training loss 0.942 to 0.847 (majority-class loss 0.868), falling, but predictions do not change; "
        "test accuracy: best 73.36 % in epoch 1, last 73.36 % in epoch 10, baseline 73.36 %"
    )
    assert verdict.ruled_out == (
        "logits within ±3, gradients flow (head 0.12, conv1 0.03): "
        "neither the loss nor the last layer is broken"
    )


def test_cures_come_in_order() -> None:
    scratch = gravest_of(published_collapse())
    cures = ["lr 0.001 → 0.01", "epochs 10 → 30", "pretrained none → imagenet", "loss ce → ce-sqrt"]
    assert scratch.suggestion == ", then ".join(cures) and scratch.change == {"lr": 0.01}
    tuned = gravest_of(published_collapse(), pretrained="imagenet").suggestion
    assert "pretrained" not in tuned and tuned.startswith("lr 0.001 → 0.01, then epochs 10 → 30")
    at_default = gravest_of(published_collapse(), lr=0.01)
    assert at_default.suggestion.startswith("epochs 10 → 30, then lr 0.01 → 0.1")
    assert at_default.change == {"epochs": 30}
    assert "lr" not in gravest_of(published_collapse(), lr=0.05).suggestion, "0.5 leads nowhere"


@pytest.mark.parametrize("loss", LOSSES)
def test_a_collapse_under_each_loss_is_told_by_its_answers(loss: str) -> None:
    """Each course falls past the majority-class loss of its own loss, as the published one does."""
    constant = majority_class_loss(loss, TRAIN)
    assert constant is not None
    answered = 1 if loss == "mse-ordinal" else 0
    answers = tuple(sum(LABELS) if place == answered else 0 for place in range(5))
    course = [constant * factor for factor in (1.085, 1.01, 1.0, 0.98, 0.976)]
    history = [epoch(number, answers, value) for number, value in enumerate(course, start=1)]
    history = [replace(each, kappa=0.0, test_acc=LABELS[answered] / sum(LABELS)) for each in history]
    verdict = gravest_of(history, epochs=5, loss=loss)
    assert verdict.kind == "collapsed" and f"(majority-class loss {constant:.3g})" in verdict.evidence
    assert f"100 % of predictions are class {answered} " in verdict.evidence
    assert ("ce-sqrt" in verdict.suggestion) == (loss == "ce")


def test_classes_that_are_never_predicted_are_named() -> None:
    most, *rest = SPREAD
    answers = (most + rest[0] + rest[2], 0, rest[1], 0, *rest[3:])
    found = found_in([epoch(number, answers) for number in (1, 2, 3)])
    larger, smaller = sorted((1, 3), key=lambda index: -LABELS[index])
    named = f"class {larger} ({LABELS[larger]:,} images), class {smaller} ({LABELS[smaller]:,} images) never predicted"
    finding = found["never_predicted"]
    assert (finding.severity, finding.headline) == ("warning", "classes never predicted")
    assert f": {named}; " in finding.evidence and finding.change == {"loss": "ce-sqrt"}
    assert "never_predicted" not in found_in([epoch(number) for number in (1, 2, 3)])
    newly = found_in([epoch(1), epoch(2), epoch(3, answers)])["never_predicted"]
    assert (newly.severity, newly.since_epoch) == ("note", 3), "one epoch may miss a class by chance"
    unknown = [epoch(1), replace(epoch(2), answers=()), epoch(3, answers)]
    assert found_in(unknown)["never_predicted"].severity == "warning"


def test_baseline_accuracy_with_kappa_is_noted_and_no_problem() -> None:
    history = [replace(epoch(number), test_nll=0.7 - number / 100) for number in (1, 2, 3)]
    found = found_in(history, select_on="val_acc", val_fraction=0.1)
    assert [(each.kind, each.severity, each.headline) for each in found.values()] == [
        ("few_test_images", "note", "at the baseline")
    ]
    verdict = judged.verdict_of(history, spec_of(), TRAIN)
    assert verdict.kind == "healthy" and verdict.suggestion == ""
    assert "best 73.36 % in epoch 1, last 73.36 % in epoch 3, baseline 73.36 %" in verdict.evidence
    assert " σ): no collapse" in verdict.ruled_out
    assert "test loss 0.67 is at its lowest: no overfitting" in verdict.ruled_out


def test_any_class_may_be_the_answered_one() -> None:
    constant = replace(epoch(3, (0, 7026, 0, 0, 0)), test_acc=488 / 7026)
    found = found_in([constant])
    assert "100 % of predictions are class 1 (6.946 % of labels)" in found["collapsed"].evidence
    assert "below_baseline" in found, "one class is no excuse for another baseline"


@pytest.mark.parametrize(
    ("most", "kind"), [(980, "below"), (983, "below"), (984, "collapsed"), (1000, "collapsed")]
)
def test_the_bound_is_99_percent_of_the_answers(most: int, kind: str) -> None:
    """Less two standard errors of sampling: √10 of 1,000 images."""
    latest = replace(epoch(1, (0, most, 1000 - most)), labels=(500, 300, 200))
    assert ("collapsed" in found_in([latest])) == (kind == "collapsed") == (old_word([latest]) == kind)
    assert collapsed_epochs([latest]) == ((1,) if kind == "collapsed" else ())


@pytest.mark.parametrize(
    ("labelled", "kind"), [(989, "collapsed"), (990, "only_majority"), (1000, "only_majority")]
)
def test_predicting_what_nearly_all_labels_are_is_no_collapse_and_never_no_problem(
    labelled: int, kind: str
) -> None:
    share = labelled / 1000
    latest = replace(
        epoch(1, (1000, 0)), labels=(labelled, 1000 - labelled), test_acc=share, baseline=share, kappa=None
    )
    found = found_in([latest], epochs=1)
    assert found.keys() - {"chosen_on_test"} == {kind} and found[kind].severity != "note"


def test_noise_of_318_to_2_is_said_to_have_learnt_nothing() -> None:
    """All 320 predictions are the class of 318 labels."""
    share = 318 / 320
    history = [
        EpochEvidence(number, 0.04, share, share, share, None, (320, 0), (318, 2)) for number in (1, 2, 3)
    ]
    found = judged.findings_of(history, spec_of(epochs=3), (1272, 8))
    gravest = next(iter(found.values()))
    assert (gravest.kind, gravest.severity) == ("only_majority", "warning")
    assert (
        "nothing learnt beyond the majority class shows, and 2 test images of other classes"
        in gravest.evidence
    )
    assert judged.verdict_of(history, spec_of(epochs=3), (1272, 8)).kind == "underfitting"


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), float("-inf")])
def test_a_loss_that_is_no_number_is_divergence(loss: float) -> None:
    history = [epoch(1, loss=0.87), epoch(2, ALL_ZERO, loss), epoch(3, ALL_ZERO, loss)]
    assert list(found_in(history)) == ["diverged"], "nothing else of such a run is worth a word"
    verdict = gravest_of(history)
    assert (verdict.kind, verdict.since_epoch) == ("diverged", 2)
    assert f"epoch 3: training loss {number(loss)}" in verdict.evidence
    assert verdict.ruled_out.startswith("epoch 1 read the same images with loss 0.87")
    assert verdict.suggestion.startswith("lr 0.001 → 0.0001") and verdict.change == {"lr": 1e-4}
    assert collapsed_epochs(history) == ()


def test_non_finite_values_are_divergence() -> None:
    verdict = gravest_of([replace(epoch(1), nonfinite_share=0.25)])
    assert verdict.kind == "diverged" and "25 % of the values not finite" in verdict.evidence
    assert verdict.ruled_out == "", "no good epoch clears the data"
    assert old_word([replace(epoch(1), nonfinite_share=0.0)]) == "healthy"


def test_an_epoch_that_was_not_finite_is_told_after_the_recovery() -> None:
    history = [epoch(1), replace(epoch(2), nonfinite_share=0.4), epoch(3, loss=float("nan")), epoch(4)]
    finding = found_in(history)["recovered"]
    assert (finding.severity, finding.since_epoch) == ("warning", 2)
    assert finding.evidence.startswith("epochs 2, 3: loss or values not finite; finite again")
    assert finding.change == {"lr": 1e-4}
    assert "recovered" not in found_in(history[:3]), "it has not recovered"


def test_the_latest_epoch_decides_and_recovery_counts() -> None:
    history = [epoch(1, ALL_ZERO), epoch(2), epoch(3, ALL_ZERO), epoch(4, ALL_ZERO)]
    assert (gravest_of(history).kind, gravest_of(history).since_epoch) == ("collapsed", 3)
    assert collapsed_epochs(history) == (1, 3, 4)
    recovered = [*history, epoch(5), epoch(6)]
    assert old_word(recovered) == "healthy"
    assert found_in(recovered[::-1]) == found_in(recovered)


def test_nothing_is_judged_before_the_first_epoch() -> None:
    untrained = epoch(0, ALL_ZERO, loss=None)
    assert make_case([], spec_of()) is None and make_case([untrained], spec_of()) is None
    assert collapsed_epochs([untrained, epoch(1, ALL_ZERO)]) == (1,)
    assert gravest_of([untrained, epoch(1, ALL_ZERO)]).since_epoch == 1


@pytest.mark.parametrize(
    ("numbers", "ruled_out"),
    [
        ({}, ""),
        ({"max_logit": 2.5}, "logits within ±2.5: the loss is not broken"),
        ({"grad_norm": 0.5}, ""),
        (
            {"grad_norm": 0.5, "grad_norm_first": 0.25},
            "gradients flow (head 0.5, conv1 0.25): the last layer is not broken",
        ),
    ],
)
def test_only_what_was_measured_is_ruled_out(numbers: dict[str, float], ruled_out: str) -> None:
    assert gravest_of([replace(epoch(1, ALL_ZERO), **numbers)]).ruled_out == ruled_out


@pytest.mark.parametrize(
    ("numbers", "alarm"),
    [
        ({"max_logit": 5e4}, "logits as large as 5e+04"),
        ({"grad_norm": 0.1, "grad_norm_first": 0.0}, "no gradient reaches conv1"),
        ({"grad_norm": 0.0, "grad_norm_first": 0.0}, "no gradient reaches head or conv1"),
    ],
)
def test_what_looks_broken_is_said_and_not_ruled_out(numbers: dict[str, float], alarm: str) -> None:
    verdict = gravest_of([replace(epoch(1, ALL_ZERO), **numbers)])
    assert alarm in verdict.evidence and verdict.ruled_out == ""
    assert verdict.change == {"lr": 1e-4}


def test_a_frozen_conv1_without_gradient_is_no_alarm() -> None:
    latest = replace(epoch(1, ALL_ZERO), grad_norm=0.5, grad_norm_first=None)
    assert "no gradient" not in gravest_of([latest]).evidence
    verdict = gravest_of([latest], pretrained="imagenet", freeze_epochs=1)
    assert verdict.ruled_out.startswith("gradients flow (head 0.5, the rest frozen)")


def test_an_epoch_without_test_images_is_judged_by_its_training_loss() -> None:
    empty = EpochEvidence(1, 0.5, 0.9, None, None, None, answers=(0, 0), labels=(0, 0))
    verdict = judged.verdict_of([empty], spec_of(), (50, 50))
    assert (verdict.kind, verdict.evidence) == ("healthy", "epoch 1 of 10: no test predictions")
    assert "chance" in judged.findings_of([replace(empty, train_loss=0.69)], spec_of(), (50, 50))


@pytest.mark.parametrize(
    ("settings", "counts", "steps"),
    [({}, (4, 4), 4), ({}, (4, 5), 6), ({"batch_size": 2}, (3, 2), 4), ({"augment": "flip4"}, (3, 0), 6)],
)
def test_steps_are_counted_as_the_epochs_are_divided(
    settings: dict[str, object], counts: tuple[int, ...], steps: int
) -> None:
    """After two epochs, by default in batches of four; of batches of two the last takes an odd image."""
    case = make_case([epoch(1), epoch(2)], spec_of(**settings), counts)
    assert case is not None and case.steps == steps


FEW = (10, 5, 3)


def few(number: int, answers: tuple[int, int, int]) -> EpochEvidence:
    return EpochEvidence(number, 1.0, 0.6, 0.6, 10 / 18, None, answers=answers, labels=FEW)


def test_of_few_test_images_all_have_to_be_one_class() -> None:
    learns = [few(1, (0, 18, 0)), few(2, (0, 18, 0)), few(3, (17, 0, 1))]
    assert "collapsed" not in found_in(learns)
    assert "collapsed" in found_in([*learns[:2], few(3, (18, 0, 0))])


def test_a_collapse_began_where_that_class_began() -> None:
    """Another class in each epoch is no row of one class, though each epoch is collapsed."""
    found = found_in([few(1, (0, 18, 0)), few(2, (0, 0, 18)), few(3, (18, 0, 0)), few(4, (18, 0, 0))])
    assert found["collapsed"].since_epoch == 3 and "since epoch 3" in found["collapsed"].evidence


def test_classes_go_by_their_names() -> None:
    names = ("healthy", "mild\n[bold]", "x" * 90)
    known = {"class_names": names}
    told = judged.findings_of([few(1, (18, 0, 0)), few(2, (18, 0, 0))], spec_of(), **known)[
        "collapsed"
    ].evidence
    assert "predictions are class healthy (55.56 % of labels)" in told
    history = [few(1, (9, 9, 0)), few(2, (12, 0, 6)), few(3, (9, 9, 0))]
    missing = judged.findings_of(history, spec_of(), **known)
    assert missing["never_predicted"].since_epoch == 3, "epoch 2 predicted it"
    long = missing["never_predicted"].evidence
    assert f"class {'x' * 39}… (3 images) never predicted" in long
