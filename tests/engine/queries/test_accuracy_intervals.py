"""Intervals of a run's accuracies, as `show` and the report tell them."""

import json

import pytest
from cell_images import answer
from shell import Shell
from studies import LABELS, open_study

from engine.analysis.interval import wilson_interval
from engine.files.paths import Home

EYES = [f"{place // 2}_{('left', 'right')[place % 2]}.png" for place in range(sum(LABELS))]


def test_show_counts_groups_where_there_are_any(shell: Shell) -> None:
    open_study(shell.home / "runs.db").close()
    answer(Home.find(shell.home), 4, EYES, 6, 0.7)
    assert shell("show", "4", "--json") == 0
    document = json.loads(shell.out)
    found = document["intervals"]["best"]
    assert (found["epoch"], found["images"], found["groups"]) == (document["best"]["epoch"], 201, 101)
    assert "<patient>_left and _right" in found["by"]
    alone = wilson_interval(document["best"]["test_acc"], 201)
    assert found["low"] < alone[0] and found["high"] > alone[1], "both eyes are right together here"
    assert shell("show", "4") == 0
    assert "n 201, 101 groups by" in " ".join(shell.out.split())


def test_without_predictions_images_are_independent_and_it_is_said(shell: Shell) -> None:
    open_study(shell.home / "runs.db").close()
    assert shell("show", "4", "--json") == 0
    document = json.loads(shell.out)
    found = document["intervals"]["last"]
    assert (
        found["groups"] is None and "independent: the predictions of this epoch were not kept" in found["by"]
    )
    assert (found["low"], found["high"]) == pytest.approx(wilson_interval(document["last"]["test_acc"], 201))
    assert shell("show", "7", "--json") == 0
    assert json.loads(shell.out)["intervals"] == {"best": None, "last": None}
