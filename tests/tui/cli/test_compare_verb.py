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
            session.execute(text("UPDATE run SET group_key = 'g' WHERE id = :id"), {"id": run_id})


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
    assert len(document["pairs"]) == 10
    missing = [pair for pair in document["pairs"] if "#6" in (pair["first"], pair["second"])]
    assert all("is missing" in pair["reason"] for pair in missing)


def test_what_cannot_be_compared_is_refused_in_one_line(shell: Shell, answered: Store) -> None:
    assert "two or more" in shell.refuses("compare", "3")
    assert "two or more" in shell.refuses("compare", "3", "3")
    assert "there is no run 99" in shell.refuses("compare", "3", "99")
    assert "neither a run nor a sweep" in shell.refuses("compare", "3", "nosuch")
    assert "group:12" in shell.refuses("compare", "3", "group:x")
    assert "choose from best, last" in shell.refuses("compare", "3", "4", "--on", "first")
    assert "one of --json" in shell.refuses("compare", "3", "4", "--json", "--csv")
    assert "is not UTF-8" in shell.refuses("compare", "3", "\udcff")
