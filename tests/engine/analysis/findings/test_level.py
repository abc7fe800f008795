"""Level of the latest predictions, and whether the test images can tell."""

from typing import Any

from engine.analysis.evidence import EpochEvidence
from engine.analysis.finding import Finding
from engine.analysis.findings.level import images_to_tell
from engine.analysis.interval import wilson_interval
from engine.spec.grid import make_spec
from tests.support.judged import findings_of

HONEST = {"select_on": "val_acc", "val_fraction": 0.1}


def found_in(
    accuracy: float, labels: tuple[int, ...], answers: tuple[int, ...] | None = None, **settings: Any
) -> dict[str, Finding]:
    """One epoch, the only one."""
    baseline = max(labels) / sum(labels)
    answers = answers or labels
    latest = EpochEvidence(1, 0.4, 0.7, accuracy, baseline, None, answers=answers, labels=labels)
    spec = make_spec({"data": "folder", "epochs": 1, "batch_size": 8, **HONEST, **settings})
    found = findings_of([latest], spec, (700, 300))
    found.pop("still_improving", None)
    return found


def test_accuracy_far_below_chance_is_swapped_labels_and_not_ignorance() -> None:
    found = found_in(0.05, (100, 100))
    assert (found["below_chance"].severity, found["below_chance"].headline) == ("error", "worse than chance")
    assert "probably swapped" in found["below_chance"].evidence and "chance" not in found
    assert "below_baseline" in found


def test_15_of_20_correct_are_too_few_to_tell_and_not_no_better_than_chance() -> None:
    found = found_in(0.75, (10, 10))
    assert found.keys() == {"few_test_images"} and found["few_test_images"].severity == "warning"
    assert "95 % interval 53.13 % to 88.81 % of 20 test images" in found["few_test_images"].evidence
    assert "σ better than chance" in found["few_test_images"].evidence
    assert "chance" in found_in(0.5, (10, 10))


def test_an_interval_that_reaches_the_baseline_says_how_many_images_would_tell() -> None:
    found = found_in(0.75, (140, 60))
    evidence = found["few_test_images"].evidence
    assert "reaches the baseline; about " in evidence and found["few_test_images"].severity == "warning"
    needed = images_to_tell(0.75, 0.7)
    assert needed is not None and f"about {needed:,} would tell" in evidence
    assert (
        wilson_interval(0.75, needed + needed // 20)[0]
        > 0.7
        > wilson_interval(0.75, needed - needed // 10)[0]
    )
    assert "few_test_images" not in found_in(0.78, (1400, 600))
    assert images_to_tell(0.7, 0.7) is None


def test_below_the_baseline_is_said_however_near_it_is() -> None:
    found = found_in(0.699, (1400, 600))
    assert found["below_baseline"].severity == "warning"
    assert "baseline within the 95 % interval" in found["below_baseline"].evidence
    assert "below_baseline" not in found_in(0.7, (1400, 600))


def test_weighted_classes_trade_accuracy_which_is_a_note() -> None:
    for settings in ({"loss": "ce-balanced"}, {"sampler": "balanced"}):
        found = found_in(0.66, (1400, 600), (900, 1100), **settings)
        assert found["below_baseline"].severity == "note"
        assert "no collapse" in found["below_baseline"].ruled_out
    assert found_in(0.66, (1400, 600), (900, 1100))["below_baseline"].severity == "warning"


def test_a_class_of_few_images_that_is_never_predicted_is_a_note() -> None:
    rare = found_in(0.9, (500, 495, 5), (500, 500, 0))
    assert rare["never_predicted"].severity == "note"
    assert found_in(0.9, (500, 450, 50), (500, 500, 0))["never_predicted"].severity == "warning"
    assert "never_predicted" not in found_in(0.5, (500, 450, 50), (1000, 0, 0)), "collapsed says it"


def test_a_good_run_has_no_finding() -> None:
    assert found_in(0.9, (500, 500)) == {}
