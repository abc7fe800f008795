"""Text of `show` for people: at most 80 columns, and how each number was measured."""

import copy
from typing import Any

import pytest

from engine.metrics.catalogue import split_metrics
from engine.spec.grid import make_spec
from engine.time_line import Phase, PhaseTime, TimeLine
from tui.cli.show_text import class_table, epoch_table, show_lines

TIME_LINE = TimeLine(
    (PhaseTime(Phase.PROCESS, 0.0421, 0.01), PhaseTime(Phase.TRAINING, 4.1679, 0.99)), attempts=2
)
CONFUSION = [[140, 7, 0], [10, 20, 1], [3, 0, 0]]


def epoch(number: int, **values: Any) -> dict[str, Any]:
    """A row of `show --json`'s metrics with what every run has."""
    always = {
        "train_loss": 0.5, "train_acc": 0.8361, "test_nll": 0.71, "test_acc": 0.884, "balanced_acc": 0.5,
        "macro_f1": 0.4, "ece": 0.0643, "recall": [0.9524, 0.6452, 0.0], "precision": [0.915, 0.7407, None],
        "f1": [0.933, 0.69, 0.0], "answers": [153, 27, 1], "confusion": CONFUSION,
    }  # fmt: skip
    return dict.fromkeys(each.key for each in split_metrics()) | always | {"epoch": number} | values


def document(*rows: dict[str, Any], **values: Any) -> dict[str, Any]:
    spec = make_spec({"data": "digits", "epochs": 4, **values}).model_dump()
    best = {
        "epoch": 2,
        "test_acc": 0.884,
        "balanced_acc": 0.5,
        "kappa": None,
        "selected_on": spec["select_on"],
    }
    return {
        "id": 3, "status": "done", "findings": None, "headline": None,
        "note": "a note " * 30, **spec, "best": best, "class_names": ["a", "b\x1b", "c"],
        "last": {"epoch": rows[-1]["epoch"], "test_acc": rows[-1]["test_acc"]} if rows else None,
        "environment": {"torch": "2.14.1", "host": "h" * 100, "threads": 2},
        "time_line": TIME_LINE.document(),
        "metrics": list(rows), "log_tail": ["epoch 1"],
    }  # fmt: skip


EVERYTHING = {
    "val_acc": 0.5, "val_kappa": -0.123, "val_mcc": 0.2, "auc": 0.812, "mcc": 0.431,
    "kappa": 0.457, "auc_referable": 0.912, "sensitivity_referable": 0.492,
    "specificity_referable": 0.996, "sensitivity_referable_at_93": 0.78, "sensitivity_referable_at_98": 0.627,
    "test_acc_seen_group": 0.8241, "test_acc_unseen_group": None, "images_seen_group": 216,
    "images_unseen_group": 0, "eval_train_acc": 0.9, "eval_train_nll": 0.2, "test_nll": 12345.678,
}  # fmt: skip


@pytest.mark.parametrize("more", [{}, EVERYTHING])
def test_it_fits_80_columns(more: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = list(show_lines(document(epoch(1), epoch(2, **more), epoch(14, **more))))
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("training      epochs 4  batch_size 32") for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_it_has_the_seconds_and_the_share_of_each_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = list(show_lines(document(epoch(1))))
    (place,) = (number for number, line in enumerate(lines) if line.startswith("time line"))
    assert lines[place] == "time line     4.21 s in 2 attempts:  waiting for a process .042 s (1.0 %)"
    assert lines[place + 1].strip() == "training 4.17 s (99.0 %)"


def test_columns_stand_under_how_they_were_measured_and_empty_ones_are_dropped() -> None:
    titles, head, first = list(epoch_table([epoch(1, train_acc=None), epoch(2)], 80))[:3]
    assert titles.split() == ["train", "(avg.)", "test"]
    assert head.split() == ["epoch", "acc", "loss", "acc", "balanced", "F1", "ECE", "NLL"]
    assert first.split() == ["1", "–", ".5000", ".8840", ".5000", ".400", ".064", ".7100"]
    assert titles.index("train") == head.index("acc") - 2 and head.index("balanced") > titles.index("test")
    whole = list(epoch_table([epoch(1, **EVERYTHING)], 80))
    assert whole[0].split() == ["train", "(avg.)", "val", "test"]
    assert whole[2].split() == [
        "1", ".8361", ".5000", ".5000", "-.123", ".8840", ".5000", ".457", ".400", ".812", ".064", "1e+04"
    ]  # fmt: skip


def test_where_columns_do_not_fit_the_least_telling_go_and_the_one_that_chose_stays() -> None:
    narrow = list(epoch_table([epoch(1, **EVERYTHING)], 60))
    assert "NLL" not in narrow[1] and "ECE" not in narrow[1] and max(map(len, narrow)) <= 60
    chosen = list(epoch_table([epoch(1, **EVERYTHING)], 60, "val_mcc"))
    assert "MCC" in chosen[1] and max(map(len, chosen)) <= 60
    text = " ".join(show_lines(document(epoch(2, **EVERYTHING))))
    assert "also at epoch 2: Matthews correlation .431" in text


def test_the_chosen_epochs_classes() -> None:
    assert list(class_table(["a", "b\x1b", "a very long name of a class, longer than fits"], epoch(2))) == [
        "class                             images  predicted  precision  recall      F1",
        "a                                    147        153      .9150   .9524   .9330",
        "b\\x1b                                 31         27      .7407   .6452   .6900",
        "a very long name of a class, lo…       3          1          –   .0000   .0000",
    ]
    assert list(class_table(["a", "b", "c"], epoch(2, precision=None, f1=None))) == []


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "chosen by test_acc (optimistic: best epoch chosen on test data); last: epoch 3, .8840"),
        ({"select_on": "val_acc"}, "chosen by val_acc; last: epoch 3, .8840"),
        ({"epochs": 1}, "chosen by test_acc; last"),
        ({"epochs": 0}, "evaluated as it came"),
    ],
)
def test_it_says_what_chose_the_best_epoch(settings: dict[str, Any], says: str) -> None:
    text = " ".join(show_lines(document(epoch(2), epoch(3), **settings)))
    assert f"best: epoch 2, test accuracy .8840; {says}" in text


def test_what_stands_beside_the_tables() -> None:
    text = " ".join(show_lines(document(epoch(2, **EVERYTHING))))
    assert (
        "AUC .912; sensitivity .492 at specificity .996 as predicted, .780 at .93 or more, .627 at .98"
        in text
    )
    assert "with a group member in train: .8241 (n 216); without: – (n 0)" in text
    assert "after epoch 2, in evaluation mode without augmentation: accuracy .9000, NLL .2000" in text


def test_a_run_without_epochs_or_with_a_lost_best_epoch() -> None:
    queued = copy.deepcopy(document()) | {"best": None, "log_tail": []}
    assert not any("best" in line for line in show_lines(queued))
    assert not any(line.startswith("best:") for line in show_lines(document(epoch(1))))


def test_a_run_that_patience_ended_says_so() -> None:
    early = list(show_lines(document(epoch(1), epoch(2), patience=1)))
    text = "stopped early: after epoch 2 of 4, no better test_acc for 1 epochs (patience)"
    assert text in early
    assert not any("early" in line for line in show_lines(document(epoch(1), epoch(4))))


def test_a_failed_run_shows_more_of_its_log() -> None:
    tail = [f"line {number}" for number in range(50)]
    for status, lines in (("done", 10), ("failed", 50)):
        shown = list(show_lines({**document(), "status": status, "log_tail": tail}))
        assert shown[-lines:] == tail[-lines:] and (lines == 50 or tail[-lines - 1] not in shown)
