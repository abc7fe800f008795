"""`show --curves` and `show --threshold`: values of scikit-learn, and a reason wherever there is no value."""

import json
from typing import Any

import numpy as np
import pytest
from score_files import write_scores
from shell import Shell
from sklearn.metrics import average_precision_score, roc_auc_score
from sqlalchemy import text
from stored_runs import get

from engine.files.paths import Home
from engine.store.database import Store

RUN = 4
"""Done, of fundus: five grades."""


@pytest.fixture
def best(shell: Shell, study: Store) -> int:
    """Best epoch of the run, whose files are there."""
    run = get(study, RUN)
    assert run.best_epoch is not None
    write_scores(Home.find(shell.home), RUN, best=run.best_epoch, last=run.epoch)
    return run.best_epoch


def curves(shell: Shell, run_id: int = RUN) -> dict[str, Any]:
    assert shell("show", str(run_id), "--curves", "--json") == 0, shell.err
    found: dict[str, Any] = json.loads(shell.out)["curves"]
    return found


def test_the_curves_are_of_the_files(shell: Shell, best: int) -> None:
    found = curves(shell)["best"]
    assert found["epoch"] == best and found["undefined"] is None
    scores = np.load(Home.find(shell.home).run(RUN).scores())
    labels = np.repeat(np.arange(5), [147, 14, 31, 5, 4])
    by_name = {each["of"]: each for each in found["test"]["curves"]}
    assert list(by_name) == [
        "all classes",
        "no DR",
        "mild",
        "moderate",
        "severe",
        "proliferative",
        "referable",
    ]
    for label, name in enumerate(list(by_name)[1:-1]):
        one = by_name[name]
        assert one["positives"] == int((labels == label).sum()) and one["images"] == 201
        assert one["roc"]["auc"] == pytest.approx(roc_auc_score(labels == label, scores[:, label]))
        expected = average_precision_score(labels == label, scores[:, label])
        assert one["precision_recall"]["average_precision"] == pytest.approx(expected)
        low, high = one["roc"]["auc_interval"]
        assert low < one["roc"]["auc"] < high
    assert by_name["all classes"]["roc"]["auc"] == pytest.approx(
        roc_auc_score(labels, scores, multi_class="ovr", average="macro")
    )
    assert by_name["referable"]["roc"]["auc"] == pytest.approx(
        roc_auc_score(labels >= 2, scores[:, 2:].sum(axis=1, dtype=np.float64))
    )
    assert found["val"]["images"] == 102


def test_the_text_says_the_same(shell: Shell, best: int) -> None:
    auc = curves(shell)["best"]["test"]["curves"][1]["roc"]["auc"]
    assert shell("show", str(RUN), "--curves") == 0
    lines = shell.out.splitlines()
    assert f"best epoch {best}, 201 test images" in lines
    assert f"{auc:.3f}".lstrip("0") in next(line for line in lines if line.startswith("no DR"))


def test_what_is_not_there_is_said_and_no_crash(shell: Shell, study: Store) -> None:
    assert "scores.npy is missing" in curves(shell)["best"]["undefined"]
    assert curves(shell, 7)["best"]["undefined"] == "the run has measured no epoch yet"  # queued
    run = get(study, RUN)
    write_scores(Home.find(shell.home), RUN, best=run.best_epoch or 0, last=run.epoch, has_val=False)
    assert curves(shell)["best"]["val"] is None
    Home.find(shell.home).run(RUN).scores().write_bytes(b"broken")
    assert "cannot be read" in curves(shell)["best"]["undefined"]


def of_status(study: Store, run_id: int, status: str) -> None:
    with study.write() as session:
        session.execute(
            text("UPDATE run SET status = :status WHERE id = :id"), {"status": status, "id": run_id}
        )


@pytest.mark.parametrize(("status", "ended"), [("failed", "failed"), ("cancelled", "was cancelled")])
def test_a_run_that_did_not_finish_says_so(shell: Shell, study: Store, status: str, ended: str) -> None:
    of_status(study, 7, status)
    before = f"the run {ended} before its first epoch was measured"
    assert [curves(shell, 7)[which]["undefined"] for which in ("best", "last")] == [before, before]
    of_status(study, 5, status)
    found = curves(shell, 5)
    assert found["last"]["undefined"].endswith(f"they are written when a run is done, and this one {ended}")
    assert found["best"]["undefined"].endswith("they may have been pruned")


def test_a_network_that_gives_grades_has_referable_alone(shell: Shell, study: Store) -> None:
    run = get(study, RUN)
    write_scores(Home.find(shell.home), RUN, best=run.best_epoch or 0, last=run.epoch, are_grades=True)
    (only,) = curves(shell)["best"]["test"]["curves"]
    assert only["of"] == "referable" and only["reliability"] is None
    assert only["reliability_undefined"] == "the network gives a grade, no probabilities"
    assert only["histogram"]["edges"][-1] == 4


@pytest.mark.usefixtures("best")
def test_a_threshold_is_chosen_on_val_and_told_on_test(shell: Shell) -> None:
    assert shell("show", str(RUN), "--threshold", "sensitivity=0.9", "--json") == 0, shell.err
    found = json.loads(shell.out)
    assert found["of"] == "referable" and found["is_optimistic"]
    paths = Home.find(shell.home).run(RUN)
    for split, counts in (("val", [74, 7, 16, 3, 2]), ("test", [147, 14, 31, 5, 4])):
        scores = np.load(paths.scores(val=split == "val"))[:, 2:].sum(axis=1, dtype=np.float64)
        ill = np.repeat(np.arange(5), counts) >= 2
        called = scores >= found["threshold"]
        for name, mask, hit in (
            ("sensitivity", ill, called),
            ("specificity", ~ill, ~called),
            ("ppv", called, ill),
        ):
            share = found[split][name]
            assert share["of_images"] == mask.sum() and share["images"] == (hit & mask).sum()
            assert share["value"] == share["images"] / share["of_images"]
            assert share["interval"][0] <= share["value"] <= share["interval"][1]
    assert found["val"]["sensitivity"]["value"] >= 0.9
    assert shell("show", str(RUN), "--threshold", "specificity=0.95", "--class", "mild") == 0
    assert (
        "mild with specificity of at least 0.95" in shell.out
        and "best epoch chosen on test data" in shell.out
    )


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (["--threshold", "sensitivity=1.2"], "is no criterion for a threshold: give sensitivity=0.9"),
        (["--threshold", "recall=0.9"], "is no criterion for a threshold"),
        (["--threshold", "sensitivity=0.9", "--class", "worst"], "choose from no DR, mild, moderate"),
        (["--class", "mild"], "--class names the class of a --threshold"),
        (["--curves", "--threshold", "sensitivity=0.9"], "not both"),
    ],
)
@pytest.mark.usefixtures("best")
def test_a_wrong_wish_is_refused_in_a_line(shell: Shell, call: list[str], says: str) -> None:
    assert shell("show", str(RUN), *call) == 2
    assert says in shell.err and shell.err.count("\n") == 1 and not shell.out


def test_without_val_images_no_threshold_is_told(shell: Shell, study: Store) -> None:
    run = get(study, RUN)
    write_scores(Home.find(shell.home), RUN, best=run.best_epoch or 0, last=run.epoch, has_val=False)
    assert shell("show", str(RUN), "--threshold", "sensitivity=0.9") == 2
    assert "--val-fraction 0.1" in shell.err and "Traceback" not in shell.err


@pytest.mark.usefixtures("best")
def test_intervals_count_patients_where_the_names_tell_them(shell: Shell) -> None:
    def seen() -> tuple[dict[str, Any], dict[str, Any]]:
        found = curves(shell)["best"]
        assert shell("show", str(RUN), "--threshold", "specificity=0.9", "--json") == 0
        return found, json.loads(shell.out)

    alone, alone_told = seen()
    assert alone["intervals_count"] == alone_told["intervals_count"] == "images taken as independent"
    for path in Home.find(shell.home).run(RUN).folder.glob("predictions*.csv"):
        rows = path.read_text().splitlines()
        named = [f"{number // 2}_{'left' if number % 2 else 'right'}.png" for number in range(len(rows))]
        changed = [f"{name},{row.split(',', 1)[1]}" for name, row in zip(named, rows[1:], strict=False)]
        path.write_text("\n".join([rows[0], *changed]) + "\n")
    grouped, told = seen()
    assert (
        "groups of images by" in grouped["intervals_count"] and told["threshold"] == alone_told["threshold"]
    )
    assert told["test"]["specificity"]["of_groups"] < told["test"]["specificity"]["of_images"]
    pairs = zip(grouped["test"]["curves"], alone["test"]["curves"], strict=True)
    assert any(one["roc"]["auc_interval"] != other["roc"]["auc_interval"] for one, other in pairs)
    assert shell("show", str(RUN), "--curves") == 0 and "95 %: groups of images by" in shell.out
