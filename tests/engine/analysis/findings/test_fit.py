"""Networks that look at the images: too little, too much by heart, or well."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analysis.chance import above_chance
from engine.analysis.evidence import EpochEvidence
from engine.analysis.finding import Finding
from engine.analysis.findings.judging import judge, make_case
from engine.analysis.findings.kinds import FINDING_KINDS
from engine.recipes.losses import LOSSES
from engine.recipes.optimizers import OPTIMIZERS
from engine.recipes.schedules import SCHEDULES
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from tests.support.judged import findings_of

TRAIN = (400,) * 5
LABELS = (40,) * 5


def spec_of(**values: Any) -> RunSpec:
    return make_spec({"data": "folder", "epochs": 6, "batch_size": 16, **values})


def epoch(number: int, *, loss: float, train: float, test: float, nll: float) -> EpochEvidence:
    """Answers spread evenly, `test` of them right."""
    return EpochEvidence(
        number, loss, train, test, 0.2, None, answers=LABELS, labels=LABELS, max_logit=4.0, test_nll=nll
    )


def run(
    losses: list[float], trains: list[float], tests: list[float], nlls: list[float], **values: Any
) -> dict[str, Finding]:
    """The findings but for the note that the epoch was chosen on the test images, as it is by default."""
    rows = zip(losses, trains, tests, nlls, strict=True)
    history = [
        epoch(number, loss=loss, train=train, test=test, nll=nll)
        for number, (loss, train, test, nll) in enumerate(rows, start=1)
    ]
    found = findings_of(history, spec_of(**values), TRAIN)
    found.pop("chosen_on_test", None)
    return found


LEARNS = [1.6, 1.4, 1.2, 1.0, 0.8, 0.6], [0.3, 0.4, 0.5, 0.6, 0.8, 0.93]


def test_a_run_that_answers_nearly_all_right_is_not_told_to_go_on() -> None:
    falling = [1.5, 1.3, 1.1, 0.9, 0.6, 0.4]
    short = run(*LEARNS, [0.4, 0.5, 0.6, 0.7, 0.8, 0.95], falling)  # a kappa of .9375
    assert list(short) == ["still_improving"] and "over the last third" in short["still_improving"].evidence
    assert not run(*LEARNS, [0.4, 0.5, 0.6, 0.7, 0.8, 0.97], falling)


HEART = ([1.4, 0.9, 0.5, 0.2, 0.1, 0.05], [0.4, 0.6, 0.8, 0.9, 0.95, 0.98])


def test_by_heart_is_overfitting_since_the_test_loss_rose() -> None:
    verdict = run(*HEART, [0.5, 0.6, 0.62, 0.6, 0.58, 0.57], [1.2, 1.0, 1.05, 1.2, 1.4, 1.6])["overfitting"]
    assert (verdict.severity, verdict.since_epoch) == ("warning", 5)
    assert (
        "test NLL 1.6, lowest 1 in epoch 2 (4.5 standard errors); training accuracy 98 %" in verdict.evidence
    )
    assert verdict.ruled_out.endswith("neither depth nor lr is too small")
    # A folder's default augmentation is flip already.
    assert verdict.suggestion.startswith("pretrained none → imagenet, then epochs 6 → 2, then weight_decay")
    plain = run(*HEART, [0.5, 0.6, 0.62, 0.6, 0.58, 0.57], [1.2, 1, 1.05, 1.2, 1.4, 1.6], augment="none")
    assert plain["overfitting"].change == {"augment": "flip"}
    digits = run(*HEART, [0.5, 0.6, 0.62, 0.6, 0.58, 0.57], [1.2, 1, 1.05, 1.2, 1.4, 1.6], data="digits")
    assert "augment" not in digits["overfitting"].suggestion, "a mirrored 2 is no 2"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"nlls": [1.2, 1.0, 1.02, 1.05, 1.04, 1.09]}, "a test loss within a tenth of its lowest"),
        ({"nlls": [1.2, 1.0, 1.02, 1.05, 1.04, 1.3]}, "one bad epoch may be a slip"),
        ({"nlls": [1.6, 1.0, 1.4, 1.5, 1.6, 0.9]}, "the test loss came down again"),
        ({"trains": [0.4, 0.5, 0.55, 0.58, 0.59, 0.6]}, "a gap within the noise of 200 test images"),
        ({"losses": [1.4, 0.5, 0.6, 0.7, 0.8, 0.9]}, "the training images got worse too"),
        ({"losses": [1.6, 1.5, 1.45, 1.4, 1.35, 1.3]}, "hardly better than the majority-class loss"),
    ],
)
def test_what_is_no_overfitting(change: dict[str, Any], why: str) -> None:
    numbers: dict[str, Any] = {
        "losses": HEART[0],
        "trains": [*HEART[1][:-1], 0.88],
        "tests": [0.5, 0.6, 0.62, 0.6, 0.58, 0.57],
        "nlls": [1.2, 1.0, 1.15, 1.2, 1.4, 1.6],
    }
    assert "overfitting" in run(**numbers)
    assert "overfitting" not in run(**{**numbers, **change}), why


def test_shuffled_labels_are_named_as_a_cause() -> None:
    found = run(*HEART, [0.2, 0.21, 0.19, 0.2, 0.22, 0.2], [1.7, 1.65, 1.9, 2.4, 3.0, 3.5])
    assert "check the labels" in found["overfitting"].evidence and "chance" in found


def test_chance_is_never_healthy_and_one_epoch_is_early() -> None:
    first = run([1.6], [0.21], [0.22], [1.61])["chance"]
    assert (first.severity, first.suggestion, first.change) == ("note", "", {})
    assert "test predictions are no better than chance so far" in first.evidence
    assert "; too early to say more; " in first.evidence
    assert "training loss 1.6 (majority-class loss 1.61)" in first.evidence
    third = run([1.6, 1.6, 1.6], [0.21, 0.2, 0.22], [0.22, 0.2, 0.21], [1.61, 1.61, 1.61], lr=1e-4)["chance"]
    assert (third.severity, third.since_epoch) == ("warning", 1)
    assert third.change == {"lr": 1e-3}
    only = run([1.6], [0.21], [0.22], [1.61], epochs=1, lr=1e-4)["chance"]
    assert only.change == {"lr": 1e-3}, "the last epoch is never too early"


def test_a_run_that_ended_while_learning_wants_more_epochs() -> None:
    numbers = ([1.5, 1.3, 1.1, 0.9, 0.8, 0.7], [0.3, 0.4, 0.5, 0.6, 0.7, 0.75],
               [0.3, 0.4, 0.5, 0.55, 0.6, 0.65], [1.5, 1.3, 1.2, 1.1, 1.0, 0.9])  # fmt: skip
    verdict = run(*numbers)["still_improving"]
    assert (verdict.severity, verdict.change) == ("note", {"epochs": 18})
    assert "epoch 6 of 6, the last: training loss 0.9 to 0.7, test loss 1.1 to 0.9 over" in verdict.evidence
    assert "no overfitting" in verdict.ruled_out and "no collapse" in verdict.ruled_out
    assert not run(*numbers, epochs=7), "it goes on anyway"
    slow = run(*numbers, lr=1e-4)["still_improving"]
    assert slow.suggestion.startswith("lr 0.0001 → 0.001, then epochs 6 → 18")
    level = ([1.5, 1.0, 0.8, 0.72, 0.71, 0.7], *numbers[1:])
    assert run(*level) == {}, "the test loss falls at the end of every cosine"
    assert run(*numbers[:3], [1.5, 1.1, 1.0, 0.95, 0.92, 0.91]) == {}, "learnt by heart"


def test_answers_that_lag_behind_are_told_from_a_network_that_does_not_learn() -> None:
    """The batches are predicted at 85 %; in evaluation one class of five has nearly all predictions."""
    spread = epoch(2, loss=0.6, train=0.85, test=0.2, nll=24.0)
    for answers, kind in (((200, 0, 0, 0, 0), "collapsed"), ((180, 5, 5, 5, 5), "batchnorm_lag")):
        lagging = replace(spread, answers=answers)
        found = findings_of([lagging], spec_of(batch_size=200, epochs=2), TRAIN)
        assert {kind, "batchnorm_lag"} <= found.keys() and "overfitting" not in found
        for each in (found[kind], found["batchnorm_lag"]):
            assert "after 20 steps BatchNorm's running statistics" in each.evidence
            assert each.change == {"epochs": 6}
    assert "batchnorm_lag" not in findings_of([spread], spec_of(batch_size=200, epochs=2), TRAIN), "by heart"
    weak = replace(spread, answers=(180, 5, 5, 5, 5), train_acc=0.3)
    assert "batchnorm_lag" not in findings_of([weak], spec_of(batch_size=200, epochs=2), TRAIN)
    late = findings_of([replace(spread, answers=(200, 0, 0, 0, 0))], spec_of(batch_size=2, epochs=2), TRAIN)
    assert "batchnorm_lag" not in late, "after 2,000 steps the test images differ"


def test_overdriven_weights_want_a_smaller_lr() -> None:
    history = [epoch(number, loss=9.0, train=0.2, test=0.2, nll=40.0) for number in (1, 2, 3)]
    assert findings_of(history, spec_of(lr=0.3), TRAIN)["chance"].change == {"lr": 0.03}


def test_chance_is_measured_as_permutations_do() -> None:
    """Against 4,000 shuffles of the answers."""
    numpy = pytest.importorskip("numpy")
    rng = numpy.random.default_rng(7)
    labels = numpy.repeat([0, 1, 2], [60, 25, 15])
    answers = numpy.where(rng.random(100) < 0.3, labels, rng.choice([0, 0, 1, 2], 100))
    right = (answers == labels).mean()
    dealt = numpy.array([(rng.permutation(answers) == labels).mean() for _ in range(4000)])
    counts = tuple(map(int, numpy.bincount(answers, minlength=3)))
    evidence = EpochEvidence(1, None, None, float(right), None, None, answers=counts, labels=(60, 25, 15))
    assert above_chance(evidence) == pytest.approx((right - dealt.mean()) / dealt.std(), rel=0.06)


def test_nearness_counts_where_no_answer_is_exact() -> None:
    """Each label answered one grade too high: kappa is high, no agreement at all."""
    evidence = EpochEvidence(1, None, None, 0.0, None, 0.8, answers=(0, 50, 50, 50), labels=(50, 50, 50, 0))
    beyond = above_chance(evidence)
    assert beyond is not None and beyond > 10


numbers = st.none() | st.floats(0, 10) | st.sampled_from([float("nan"), float("inf"), -1.0, 1e300])
counts = st.lists(st.integers(0, 300), min_size=5, max_size=5).map(tuple)


@st.composite
def evidences(draw: st.DrawFn) -> EpochEvidence:
    labels = draw(counts)
    answers = draw(st.just(labels) | counts | st.permutations(labels).map(tuple))
    fields = [draw(numbers) for _ in range(10)]
    number = draw(st.integers(0, 8))
    return EpochEvidence(number, *fields[:5], answers, labels, *fields[5:])


specs = st.builds(
    spec_of,
    lr=st.floats(1e-6, 1e3),
    epochs=st.integers(0, 9),
    batch_size=st.sampled_from([2, 4, 64, 5000]),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    pretrained=st.sampled_from(["none", "imagenet", "run:3"]),
    augment=st.sampled_from(["none", "flip4+rotate"]),
    loss=st.sampled_from(sorted(LOSSES)),
    schedule=st.sampled_from(sorted(SCHEDULES)),
    weight_decay=st.sampled_from([0.0, 5e-4, 0.1]),
    data=st.sampled_from(["digits", "fundus", "folder"]),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(evidences(), max_size=6, unique_by=lambda each: each.epoch), specs, counts)
def test_any_history_gives_findings_with_changes_that_fit(
    history: list[EpochEvidence], spec: RunSpec, train: tuple[int, ...]
) -> None:
    if make_case(history, spec, train) is None:
        assert all(each.epoch == 0 for each in history)
        return
    found = findings_of(history, spec, train)
    assert found.keys() <= {each.kind for each in FINDING_KINDS}
    latest = max(each.epoch for each in history)
    assert all(each.since_epoch is None or 1 <= each.since_epoch <= latest for each in found.values())


@settings(deadline=None, max_examples=100)
@given(st.lists(evidences(), min_size=1, max_size=4), st.permutations(range(5)), st.integers(0, 6))
def test_class_names_and_their_order_mean_nothing_to_unordered_classes(
    history: list[EpochEvidence], order: list[int], epochs: int
) -> None:
    spec = spec_of(epochs=epochs)

    def renamed(each: EpochEvidence) -> EpochEvidence:
        return replace(
            each,
            answers=tuple(each.answers[place] for place in order),
            labels=tuple(each.labels[place] for place in order),
        )

    unordered = [replace(each, kappa=None) for each in history]
    before, after = (make_case(epochs, spec, TRAIN) for epochs in (unordered, list(map(renamed, unordered))))
    if before is not None and after is not None:
        assert [each.kind for each in judge(before)] == [each.kind for each in judge(after)]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 50), min_size=3, max_size=3), st.integers(1, 400), st.integers(2, 50))
def test_more_for_the_favourite_or_more_images_never_leave_a_collapse(
    rest: list[int], more: int, times: int
) -> None:
    def kind(answers: tuple[int, ...], labels: tuple[int, ...]) -> str:
        latest = EpochEvidence(1, 1.0, 0.5, 0.5, 0.5, None, answers, labels)
        return next(iter(findings_of([latest], spec_of(), TRAIN)))

    labels = (2000, 1000, 500, 500)
    answers = (4000 - sum(rest), *rest)
    fewer = [max(0, each - more) for each in rest]
    towards = (4000 - sum(fewer), *fewer)
    if kind(answers, labels) == "collapsed":
        assert kind(towards, labels) == "collapsed"
    scaled = tuple(each * times for each in answers), tuple(each * times for each in labels)
    if sum(rest) <= 40 or sum(rest) > 55:  # between lies what sampling explains of fewer images
        assert (kind(*scaled) == "collapsed") == (kind(answers, labels) == "collapsed")


LAB_TRAIN, LAB_TEST = (20_656, 1_955, 4_210, 698, 581), (5_154, 488, 1_082, 175, 127)


def test_next_to_nothing_is_not_healthy_however_sure_one_is_of_it() -> None:
    """The study's 7,026 test images, 100 of them answered 2 and the rest 0, class 0 at 98.6 % of the answers."""
    answers, right = (6_926, 0, 100, 0, 0), 5_145
    history = [
        EpochEvidence(
            number,
            0.856,
            0.735,
            right / 7_026,
            5_154 / 7_026,
            0.03,
            answers=answers,
            labels=LAB_TEST,
            test_nll=0.86,
        )
        for number in (1, 2)
    ]
    verdict = findings_of(history, spec_of(epochs=2), LAB_TRAIN)["chance"]
    assert above_chance(history[0]) is not None and (above_chance(history[0]) or 0) > 3
    assert verdict.headline == "hardly better than chance" and verdict.change
    assert "hardly better than chance: 3" in verdict.evidence


def test_patience_ends_a_run_as_its_last_epoch_does() -> None:
    rows = zip([1.5, 1.2, 0.9], [0.4, 0.5, 0.6], [0.4, 0.5, 0.6], [1.5, 1.2, 0.9], strict=True)
    history = [
        epoch(number, loss=loss, train=train, test=test, nll=nll)
        for number, (loss, train, test, nll) in enumerate(rows, start=1)
    ]
    spec = spec_of(epochs=100, select_on="val_acc", val_fraction=0.1)
    found = [findings_of(history, spec, TRAIN, ends_here=ends) for ends in (False, True)]
    assert list(map(list, found)) == [[], ["still_improving"]]


def test_balanced_draws_are_no_gap_to_natural_test_images() -> None:
    """Recall .70 of class 0 and .95 of the others, on both splits; lag is seen against the drawn shares."""
    nlls = [0.5, 0.6, 0.6, 0.6, 0.6, 0.6]
    losses = [1.4, 1.38, 1.36, 1.35, 1.34, 1.33]
    verdict = run(losses, [0.9] * 6, [0.77] * 6, nlls, sampler="balanced")
    assert "overfitting" not in verdict
