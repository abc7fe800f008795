"""Verdicts from the numbers of an epoch: by answers, not by accuracy or loss."""

from dataclasses import replace

import pytest

from engine.analysis.evidence import EpochEvidence
from engine.analysis.verdict import Verdict, collapsed_epochs, judge

LABELS = (5154, 488, 1082, 175, 127)
BASELINE = 5154 / 7026
ALL_ZERO = (7026, 0, 0, 0, 0)
SPREAD = (5600, 100, 1000, 200, 126)
PUBLISHED_LOSSES = (0.942, 0.878, 0.870, 0.866, 0.863, 0.860, 0.857, 0.854, 0.851, 0.847)


def epoch(number: int, answers: tuple[int, ...] = SPREAD, loss: float | None = 0.8) -> EpochEvidence:
    return EpochEvidence(
        epoch=number,
        train_loss=loss,
        train_acc=0.735,
        test_acc=BASELINE,
        baseline=BASELINE,
        kappa=0.0,
        answers=answers,
        labels=LABELS,
    )


def verdict_of(history: list[EpochEvidence], *, pretrained: bool = False) -> Verdict:
    """The verdict, each of its texts checked to be one line."""
    verdict = judge(history, pretrained=pretrained)
    assert verdict is not None
    for text in (verdict.evidence, verdict.ruled_out, verdict.suggestion):
        assert "\n" not in text
    return verdict


def published_collapse() -> list[EpochEvidence]:
    history = [epoch(number, ALL_ZERO, loss) for number, loss in enumerate(PUBLISHED_LOSSES, start=1)]
    history[-1] = replace(history[-1], max_logit=3.0, grad_norm_head=0.12, grad_norm_conv1=0.03)
    return history


def test_a_falling_loss_does_not_hide_a_collapse() -> None:
    verdict = verdict_of(published_collapse())
    assert (verdict.kind, verdict.since_epoch) == ("collapsed", 1)
    assert verdict.evidence == (
        "epoch 10: class 0 takes 100 % of the answers and 73.36 % of the labels, since epoch 1; "
        "training loss 0.942 to 0.847, falling while the answers stay; "
        "test accuracy 73.36 % (baseline 73.36 %); kappa 0.00"
    )
    assert verdict.ruled_out == (
        "logits within ±3, gradients flow (head 0.12, conv1 0.03): "
        "neither the loss nor the last layer is broken"
    )


def test_cures_come_in_order() -> None:
    scratch = verdict_of(published_collapse()).suggestion
    order = [scratch.index(cure) for cure in ("more steps", "lr × 10", "pretrained weights")]
    assert order == sorted(order)
    tuned = verdict_of(published_collapse(), pretrained=True).suggestion
    assert "pretrained" not in tuned
    assert tuned.index("lr × 10") < tuned.index("more epochs")


def test_baseline_accuracy_with_kappa_is_healthy() -> None:
    verdict = verdict_of([replace(epoch(1), kappa=0.6)])
    assert verdict.kind == "healthy" and verdict.suggestion == ""
    assert "test accuracy 73.36 % (baseline 73.36 %); kappa 0.60" in verdict.evidence
    assert "class 0 takes 79.7 % of the answers" in verdict.evidence and verdict.ruled_out == ""


def test_any_class_may_be_the_answered_one() -> None:
    constant = replace(epoch(3, (0, 7026, 0, 0, 0)), test_acc=488 / 7026)
    verdict = verdict_of([constant])
    assert verdict.kind == "collapsed"
    assert "class 1 takes 100 % of the answers and 6.946 % of the labels" in verdict.evidence
    assert "test accuracy 6.946 %" in verdict.evidence


@pytest.mark.parametrize(
    ("most", "kind"), [(980, "healthy"), (989, "healthy"), (990, "collapsed"), (1000, "collapsed")]
)
def test_the_bound_is_99_percent_of_the_answers(most: int, kind: str) -> None:
    latest = replace(epoch(1, (0, most, 1000 - most)), labels=(500, 300, 200))
    assert verdict_of([latest]).kind == kind
    assert collapsed_epochs([latest]) == ((1,) if kind == "collapsed" else ())


@pytest.mark.parametrize(("labelled", "kind"), [(989, "collapsed"), (990, "healthy"), (1000, "healthy")])
def test_answering_what_nearly_all_labels_are_is_no_collapse(labelled: int, kind: str) -> None:
    latest = replace(epoch(1, (1000, 0)), labels=(labelled, 1000 - labelled))
    verdict = verdict_of([latest])
    assert verdict.kind == kind
    assert "collapse:" not in verdict.ruled_out


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), float("-inf")])
def test_a_loss_that_is_no_number_is_divergence(loss: float) -> None:
    history = [epoch(1, loss=0.87), epoch(2, ALL_ZERO, loss), epoch(3, ALL_ZERO, loss)]
    verdict = verdict_of(history)
    assert (verdict.kind, verdict.since_epoch) == ("diverged", 2)
    assert f"epoch 3: training loss {loss:.3g}" in verdict.evidence
    assert verdict.ruled_out.startswith("epoch 1 read the same images with loss 0.87")
    assert verdict.suggestion.startswith("lr ÷ 10")
    assert collapsed_epochs(history) == ()


def test_non_finite_values_are_divergence() -> None:
    verdict = verdict_of([replace(epoch(1), nonfinite_share=0.25)])
    assert verdict.kind == "diverged" and "25 % of the values not finite" in verdict.evidence
    assert verdict.ruled_out == "", "no good epoch clears the data"
    assert verdict_of([replace(epoch(1), nonfinite_share=0.0)]).kind == "healthy"


def test_the_latest_epoch_decides_and_recovery_counts() -> None:
    history = [epoch(1, ALL_ZERO), epoch(2), epoch(3, ALL_ZERO), epoch(4, ALL_ZERO)]
    assert (verdict_of(history).kind, verdict_of(history).since_epoch) == ("collapsed", 3)
    assert collapsed_epochs(history) == (1, 3, 4)
    recovered = [*history, epoch(5), epoch(6)]
    assert (verdict_of(recovered).kind, verdict_of(recovered).since_epoch) == ("healthy", 5)
    assert verdict_of(recovered[::-1]) == verdict_of(recovered)


def test_nothing_is_judged_before_the_first_epoch() -> None:
    untrained = epoch(0, ALL_ZERO, loss=None)
    assert judge([]) is None and judge([untrained]) is None
    assert collapsed_epochs([untrained, epoch(1, ALL_ZERO)]) == (1,)
    assert verdict_of([untrained, epoch(1, ALL_ZERO)]).since_epoch == 1


@pytest.mark.parametrize(
    ("numbers", "ruled_out"),
    [
        ({}, ""),
        ({"max_logit": 2.5}, "logits within ±2.5: the loss is not broken"),
        ({"grad_norm_head": 0.5}, ""),
        (
            {"grad_norm_head": 0.5, "grad_norm_conv1": 0.25},
            "gradients flow (head 0.5, conv1 0.25): the last layer is not broken",
        ),
    ],
)
def test_only_what_was_measured_is_ruled_out(numbers: dict[str, float], ruled_out: str) -> None:
    assert verdict_of([replace(epoch(1, ALL_ZERO), **numbers)]).ruled_out == ruled_out


@pytest.mark.parametrize(
    ("numbers", "alarm"),
    [
        ({"max_logit": 5e4}, "logits as large as 5e+04"),
        ({"grad_norm_head": 0.1, "grad_norm_conv1": 0.0}, "no gradient reaches conv1"),
        ({"grad_norm_head": 0.0, "grad_norm_conv1": 0.0}, "no gradient reaches head or conv1"),
    ],
)
def test_what_looks_broken_is_said_and_not_ruled_out(numbers: dict[str, float], alarm: str) -> None:
    verdict = verdict_of([replace(epoch(1, ALL_ZERO), **numbers)])
    assert alarm in verdict.evidence and verdict.ruled_out == ""
    assert verdict.suggestion.startswith("lr ÷ 10")


def test_an_epoch_without_test_images_is_no_collapse() -> None:
    empty = EpochEvidence(1, 0.5, 0.9, None, None, None, answers=(0, 0), labels=(0, 0))
    assert verdict_of([empty]).evidence == "epoch 1: no test answers"
    assert verdict_of([empty]).kind == "healthy"
