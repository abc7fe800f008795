"""`resnet-tui compare` on runs, groups and sweeps."""

import csv
import io
import json

import pytest
from cell_images import answer
from shell import Shell
from sqlalchemy import text
from studies import LABELS

from engine.files.paths import Home
from engine.spec.grid import load_spec
from engine.spec.run_spec import RunSpec
from engine.store import listing
from engine.store.database import Store

EYES = [f"{place // 2}_{('left', 'right')[place % 2]}.png" for place in range(sum(LABELS))]


@pytest.fixture
def answered(shell: Shell, study: Store) -> Store:
    """Runs 2, 3 and 4 with predictions; 3 never predicts another class than 0."""
    home = Home.find(shell.home)
    for run_id, skill in ((2, 0.4), (3, 0.0), (4, 0.7)):
        answer(home, run_id, EYES, 6, skill)
    return study


def same_group(store: Store, *run_ids: int) -> None:
    with store.write() as session:
        for run_id in run_ids:
            same = "group_key = 'g', environment = json_set(environment, '$.data_fingerprint', 'same')"
            session.execute(text(f"UPDATE run SET {same} WHERE id = :id"), {"id": run_id})


def test_a_table_a_document_and_csv_tell_the_same(shell: Shell, answered: Store) -> None:
    assert shell("compare", "3", "4", "--on", "last") == 0
    assert "#3 − #4" in shell.out and "told apart: these weights of #4 are more accurate" in shell.out
    assert "201 images of 101 groups" in shell.out and "<patient>_left and _right" in shell.out
    assert shell("compare", "3", "4", "--on", "last", "--json") == 0
    document = json.loads(shell.out)
    (pair,) = document["pairs"]
    assert (pair["first"], pair["second"], pair["told_apart"], pair["groups"]) == ("#3", "#4", True, 101)
    assert [side["epochs"] for side in document["sides"]] == [[6], [6]]
    accuracies = [side["accuracy"] for side in document["sides"]]
    assert pair["difference"] == pytest.approx(accuracies[0] - accuracies[1])
    assert shell("compare", "3", "4", "--on", "last", "--csv") == 0
    (row,) = csv.DictReader(io.StringIO(shell.out))
    assert float(row["difference"]) == pair["difference"] and row["sentence"] == pair["sentence"]
    assert shell("compare", "3", "4", "--on", "last", "--tex") == 0
    assert shell.out.count("\\toprule") == 2 and r"\#3 $-$ \#4" in shell.out


def test_a_best_epoch_chosen_on_test_is_said(shell: Shell, answered: Store) -> None:
    assert shell("compare", "#3", "#4", "--json") == 0
    document = json.loads(shell.out)
    assert document["on"] == "best" and document["sides"][1]["chosen_on_test"] == [4]
    assert document["sides"][1]["optimism"] is not None
    assert "less certain than it says" in document["pairs"][0]["sentence"]
    assert "too high" in " ".join(document["sides"][1]["sentences"])


def test_groups_and_sweeps_are_sides(shell: Shell, answered: Store) -> None:
    same_group(answered, 2, 3)
    assert shell("compare", "group:2", "4", "--json") == 0
    document = json.loads(shell.out)
    assert [side["name"] for side in document["sides"]] == ["group of #2", "#4"]
    assert document["sides"][0]["run_ids"] == [2, 3] and document["sides"][0]["sd"] > 0
    assert document["pairs"][0]["scope"] == "weights", "two seeds are no recipe"
    assert shell("compare", "demo", "--json") == 0
    document = json.loads(shell.out)
    assert [side["name"] for side in document["sides"]] == ["#1", "group of #2", "#4", "#5", "#6"]
    assert len(document["pairs"]) == 10 and document["not_measured"] == {"7": "queued"}
    assert shell("compare", "demo") == 0
    assert "not compared, no epoch measured yet: #7 queued" in shell.out.splitlines()
    assert "not done: #6 failed; " in shell.out, (
        "it has no predictions: it is not compared, and no group counts it"
    )
    missing = [pair for pair in document["pairs"] if "#6" in (pair["first"], pair["second"])]
    assert all("is missing" in pair["reason"] for pair in missing)


def test_what_cannot_be_compared_is_refused_in_one_line(shell: Shell, answered: Store) -> None:
    assert "two or more" in shell.refuses("compare", "3")
    assert "two or more" in shell.refuses("compare", "3", "3")
    assert "there is no run 99" in shell.refuses("compare", "3", "99")
    assert "neither a run nor a sweep" in shell.refuses("compare", "3", "nosuch")
    assert "group:12" in shell.refuses("compare", "3", "group:x")
    with answered.write() as session:
        session.execute(text("UPDATE run SET sweep = 'later' WHERE status = 'queued'"))
    for names in (["later"], ["sweep:later"], ["3", "later"]):
        said = shell.refuses("compare", *names)
        assert "no run of sweep later has measured an epoch yet (#7 #8 queued)" in said and "worker" in said
    assert "choose from best, last" in shell.refuses("compare", "3", "4", "--on", "first")
    assert "one of --json" in shell.refuses("compare", "3", "4", "--json", "--csv")
    assert "is not UTF-8" in shell.refuses("compare", "3", "\udcff")


def test_each_side_says_what_it_is_in_every_format(shell: Shell, answered: Store) -> None:
    values = {"lr": 0.5, "select_on": "val_acc", "seed": 3}
    with answered.write() as session:
        run = listing.get_run(session, 4)
        run.spec = RunSpec(**{**load_spec(run.spec).model_dump(), **values}).to_json()
        session.add(run)
    same_group(answered, 2, 3, 5)
    with answered.write() as session:
        session.execute(text("UPDATE run SET status = 'paused' WHERE id = 4"))
    assert shell("compare", "group:2", "4") == 0
    lines = shell.out.splitlines()
    assert lines[0].startswith("group of #2: resnet18, ")
    assert "; #2, #3, n 2; not done, not counted: #5 running; epoch chosen: by test_acc; " in lines[0]
    assert lines[1].startswith("#4: resnet18, ") and "lr 0.5" in lines[1] and "seed" not in lines[1]
    assert "; compared although not done: #4 paused; epoch chosen: by val_acc; " in lines[1]
    assert "by val_acc" in next(line for line in lines[2:] if line.startswith("#4 "))
    assert shell("compare", "group:2", "4", "--json") == 0
    group, single = json.loads(shell.out)["sides"]
    assert (single["network"], single["settings"]["lr"], single["epoch_chosen"]) == (
        "resnet18", "0.5", "by val_acc",
    )  # fmt: skip
    assert (group["not_done"], single["not_done"]) == ({"5": "running"}, {"4": "paused"})
    assert (group["n"], group["runs"], group["weights"]) == (2, 2, "scratch")
    assert shell("compare", "group:2", "4", "--csv") == 0
    (row,) = csv.DictReader(io.StringIO(shell.out))
    assert (row["first_network"], row["first_n"], row["first_not_done"]) == ("resnet18", "2", "#5 running")
    assert "lr 0.5" in row["second_settings"] and row["second_epoch_chosen"] == "by val_acc"
    assert shell("compare", "group:2", "4", "--tex") == 0
    assert "lr 0.5" in shell.out and r"by val\_acc" in shell.out and r"\#5 running" in shell.out
    assert shell("compare", "group:2", "4", "--on", "last") == 0
    assert "epoch chosen: the last; " in shell.out.splitlines()[1]


def test_each_side_names_its_baseline_and_its_gravest_finding(shell: Shell, answered: Store) -> None:
    same_group(answered, 2, 3)
    with answered.write() as session:
        session.execute(text("UPDATE run SET baseline = 0.5 WHERE id = 2"))
    assert shell("compare", "3", "group:2") == 0
    first, second = shell.out.splitlines()[:2]
    assert first.endswith("; baseline .7313; collapsed")
    assert second.endswith("; baselines .5000 to .7313; collapsed: #3")
    assert shell("compare", "3", "4", "--json") == 0
    side = json.loads(shell.out)["sides"][0]
    assert side["baselines"] == {"3": pytest.approx(147 / 201)}
    assert (side["finding"], side["finding_severity"], side["finding_runs"]) == ("collapsed", "error", [3])
    assert shell("compare", "3", "4", "--csv") == 0
    (row,) = csv.DictReader(io.StringIO(shell.out))
    assert (row["first_baseline"], row["first_finding"]) == (".7313", "collapsed")


def test_runs_that_differ_in_their_seed_alone_are_named_by_it(shell: Shell, answered: Store) -> None:
    with answered.write() as session:
        spec = load_spec(listing.get_run(session, 3).spec)
        run = listing.get_run(session, 4)
        run.spec = spec.model_copy(update={"seed": spec.seed + 7}).to_json()
        session.add(run)
    assert shell("compare", "3", "4", "--json") == 0
    assert [side["settings"] for side in json.loads(shell.out)["sides"]] == [
        {"seed": str(spec.seed)}, {"seed": str(spec.seed + 7)},
    ]  # fmt: skip


def test_a_run_whose_select_on_is_undefined_is_compared_at_its_highest_epoch(
    shell: Shell, answered: Store
) -> None:
    with answered.write() as session:
        for run in (listing.get_run(session, 2), listing.get_run(session, 3)):
            spec = load_spec(run.spec).model_copy(update={"select_on": "val_kappa", "val_fraction": 0.1})
            run.spec = spec.to_json()
            session.add(run)
        run.best_epoch, run.best = None, None
        session.execute(text("UPDATE epoch_metrics SET test_acc = 0.1 WHERE run_id = 3 AND epoch != 4"))
    assert shell("compare", "3", "4", "--json") == 0
    side = json.loads(shell.out)["sides"][0]
    assert side["epochs"] == [4] and side["accuracy"] is not None and side["chosen_on_test"] == [3]
    assert side["epoch_chosen"] == "by test_acc, for val_kappa is undefined in every epoch"
    assert shell("compare", "3", "4") == 0 and "no epoch yet" not in shell.out
    same_group(answered, 2, 3)
    assert shell("compare", "group:2", "4", "--json") == 0
    said = json.loads(shell.out)["sides"][0]["epoch_chosen"]
    assert said == "by val_kappa; of #3 by test_acc, for val_kappa is undefined in every epoch"
