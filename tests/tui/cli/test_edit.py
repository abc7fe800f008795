"""Editing and cloning runs, and adding those that wait for others."""

import json
import os

from shell import Shell, statuses
from studies import train

from engine.store import queue, workers
from engine.store.database import Store


def test_edit_looks_at_files_and_repeats_as_add_does(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--lr", "0.1,0.2") == 0
    assert shell("edit", "2", "--lr", "0.1") == 0
    assert shell.err == "run 2: --lr 0.1\nrun 2 repeats run 1: same settings, same data\n"
    assert shell("edit", "1-2", "--seed", "9", "--batch-size", "16") == 0
    assert shell("ls", "--json") == 0
    assert [(run["seed"], run["batch_size"], run["lr"]) for run in json.loads(shell.out)["runs"]] == [
        (9, 16, 0.1)
    ] * 2


def test_undo_of_an_edit_says_that_the_training_stays_deleted(shell: Shell, study: Store) -> None:
    worker = workers.register(study, pid=os.getpid(), device="cpu", device_name="a processor")
    held = queue.claim(study, worker)
    assert held is not None and held.run_id == 8
    train(study, held, 0, skill=0.5)
    queue.put_back(study, held)
    assert shell("edit", "8", "--lr", "0.1") == 0
    assert shell("undo") == 0
    assert shell.err == "undone: edit run 8: lr 0.1\nthe training of run 8 stays deleted\n"


def test_clone_takes_several_runs_at_once(shell: Shell, study: Store) -> None:
    assert shell("clone", "1,3", "--seed", "1,2") == 0
    assert shell.out == "9\n10\n11\n12\n"
    assert shell("ls", "--json") == 0
    made = json.loads(shell.out)["runs"][8:]
    assert [(run["data"], run["seed"], run["name"]) for run in made] == [
        ("digits", 1, "digits"), ("digits", 2, "digits"), ("fundus", 1, ""), ("fundus", 2, ""),
    ]  # fmt: skip
    assert shell("undo") == 0 and shell.err == "undone: add runs 9-12\n"
    assert set(statuses(shell)) == set(range(1, 9))


def test_add_after_any(shell: Shell, study: Store) -> None:
    assert shell("add", "--data", "digits", "--after", "7,any:5-6", "--after", "any:8") == 0
    assert shell("show", "9", "--json") == 0
    assert json.loads(shell.out)["waiting"]["reason"] == "waits for #5, #7, #8"
    assert shell("cancel", "7-8") == 0
    assert shell("show", "9", "--json") == 0
    assert json.loads(shell.out)["waiting"]["reason"] == "waits for #7, which was cancelled"


def test_edit_says_of_ended_runs_whether_their_classes_are_grades(shell: Shell, study: Store) -> None:
    def kappas(run_id: int) -> list[float | None]:
        assert shell("show", str(run_id), "--json") == 0
        return [epoch["kappa"] for epoch in json.loads(shell.out)["metrics"]]

    before = kappas(1)
    assert None not in before
    assert shell("edit", "1,6", "--ordered", "off") == 0
    lines = shell.err.splitlines()
    assert lines[:2] == [
        f"run {each}: ordered off: kappa and the referable numbers undefined" for each in (1, 6)
    ]
    assert kappas(1) == [None] * 5
    document = json.loads(shell.out)
    assert (document["ordered"], document["is_ordered"]) == ("off", False)
    assert document["ordered_why"] == "setting ordered is off" and document["best"]["kappa"] is None
    assert shell("ls") == 0
    assert shell("edit", "1", "--ordered", "off") == 0 and shell.err == "run 1: ordered off\n"
    assert shell("undo") == 0
    assert shell.err == "undone: edit runs 1, 6: ordered off\n" and kappas(1) == before
    assert shell("edit", "1", "--ordered", "off") == 0
    assert shell("edit", "1", "--ordered", "on") == 0
    assert shell.err.startswith("run 1: ordered on: kappa and the referable numbers computed anew\n")
    assert kappas(1) == before


def test_edit_of_the_order_is_refused_in_one_line(shell: Shell, study: Store) -> None:
    assert "run 5 is running: pause it first" in shell.refuses("edit", "5", "--ordered", "off")
    assert "run 1 is done: clone it" in shell.refuses("edit", "1", "--ordered", "off", "--lr", "0.1")
    assert "run 1 has measured epochs: say whether" in shell.refuses("edit", "1", "--ordered", "auto")
    assert shell("add", "--data", "fundus", "--select-on", "test_kappa") == 0
    says = "--ordered: off, and select_on test_kappa needs ordered classes: leave it out"
    assert says in shell.refuses("edit", "9", "--ordered", "off")
    assert says in shell.refuses("add", "--data", "fundus", "--select-on", "test_kappa", "--ordered", "off")
