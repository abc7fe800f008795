"""Findings that make a test accuracy untrue."""

from dataclasses import replace
from typing import Any

from engine.analysis.evidence import EpochEvidence
from engine.analysis.finding import Finding
from engine.spec.grid import make_spec
from tests.support.judged import findings_of

LATEST = EpochEvidence(2, 0.4, 0.85, 0.9, 0.5, None, answers=(500, 500), labels=(500, 500))


def found_in(
    latest: EpochEvidence = LATEST, leak: dict[str, Any] | None = None, **settings: Any
) -> dict[str, Finding]:
    history = [replace(latest, epoch=1, train_loss=0.42), latest]
    spec = make_spec({"data": "folder", "epochs": 2, "batch_size": 8, **settings})
    return findings_of(history, spec, (700, 300), leak=leak)


def test_an_epoch_chosen_on_test_is_noted_with_the_way_to_choose_on_val() -> None:
    finding = found_in()["chosen_on_test"]
    assert (finding.severity, finding.change) == ("note", {"val_fraction": 0.1, "select_on": "val_acc"})
    assert "test_acc chooses the best of 2 epochs on the images that measure it" in finding.evidence
    assert found_in(select_on="val_acc", val_fraction=0.1) == {}


def test_images_that_the_first_weights_were_trained_on_are_an_error() -> None:
    leak = {"images": 40, "groups": 3, "test_images": 35, "from": [4]}
    finding = found_in(leak=leak, pretrained="run:4")["leak"]
    assert finding.severity == "error"
    assert (
        "trained on 40 val and test images and 3 of their groups (by run #4); 35 test images"
        in finding.evidence
    )
    assert "leak" not in found_in(leak={"images": 0, "groups": 0, "test_images": 0, "from": []})


def test_groups_in_train_and_test_are_a_warning_with_both_accuracies() -> None:
    seen = replace(
        LATEST,
        images_seen_group=700,
        images_unseen_group=300,
        test_acc_seen_group=0.92,
        test_acc_unseen_group=0.85,
    )
    finding = found_in(seen)["seen_groups"]
    assert (finding.severity, finding.headline) == ("warning", "groups in train and test")
    assert (
        "700 of 1,000 test images have a member of their group in train: 92 % on them, 85 % on the"
        in finding.evidence
    )
    assert "seen_groups" not in found_in(replace(seen, images_seen_group=0, images_unseen_group=1000))
