"""`add --seeds`, `--repeat` and `--folds`, `ls --groups` and `show --group`, as a script calls them."""

import json
from collections.abc import Iterator

import pytest
from grouped_runs import finish
from pictures import class_folders, lab_csvs
from shell import Shell

from engine.store.database import Store, open_store

SMALL = ("--data", "digits", "--epochs", "2")


def runs(shell: Shell) -> list[dict]:  # type: ignore[type-arg]
    assert shell("ls", "--json") == 0
    return list(json.loads(shell.out)["runs"])


@pytest.fixture
def done(shell: Shell) -> Iterator[Store]:
    """Runs 1-5, of which 1-4 are done: one recipe with five seeds."""
    assert shell("add", *SMALL, "--seeds", "5") == 0
    store = open_store(f"sqlite:///{shell.home}/runs.db")
    finish(store, {1: 0.90, 2: 0.92, 3: 0.88, 4: 0.91})
    yield store
    store.close()


def test_seeds_compose_with_grids(shell: Shell) -> None:
    assert shell("add", *SMALL, "--lr", "0.1,0.2", "--seeds", "5", "--seed", "10") == 0
    assert shell.out.split() == [str(number) for number in range(1, 11)]
    found = runs(shell)
    assert [(run["lr"], run["seed"]) for run in found] == [
        (lr, seed) for lr in (0.1, 0.2) for seed in range(10, 15)
    ]
    assert len({run["group_key"] for run in found}) == 2


def test_seeds_and_several_seeds_are_refused(shell: Shell) -> None:
    assert "--seed 1,2 are several" in shell.refuses("add", *SMALL, "--seeds", "3", "--seed", "1,2")
    assert "not both" in shell.refuses("add", *SMALL, "--seeds", "3", "--repeat", "3")


def test_repeat_varies_the_split_where_the_data_have_none_and_says_so(shell: Shell) -> None:
    class_folders(shell.home / "flat")
    lab_csvs(shell.home / "lab")
    for data, splits, said in (
        ("digits", [0, 1, 2], "3 repetitions, each with its own seed and its own split\n"),
        ("flat", [0, 1, 2], "3 repetitions, each with its own seed and its own split\n"),
        (
            "fundus",
            [0, 0, 0],
            "3 repetitions, each with its own seed: fundus has its own test split, which all share\n",
        ),
        (
            "lab",
            [0, 0, 0],
            "3 repetitions, each with its own seed: lab has its own test split, which all share\n",
        ),
    ):
        assert shell("add", "--data", data, "--repeat", "3") == 0
        assert said in shell.err
        found = runs(shell)[-3:]
        assert [run["split_seed"] for run in found] == splits and [run["seed"] for run in found] == [0, 1, 2]
        assert len({run["group_key"] for run in found}) == 1


def test_repeated_folds_are_other_folds(shell: Shell) -> None:
    assert shell("add", "--data", "fundus", "--folds", "3", "--repeat", "2") == 0
    found = [(run["fold"], run["seed"], run["split_seed"]) for run in runs(shell)]
    assert sorted(found) == sorted((fold, seed, seed) for fold in (1, 2, 3) for seed in (0, 1))
    assert shell("add", "--data", "fundus", "--folds", "3") == 0
    assert (
        "3 folds of the 640 train images, each class near its share: each image is tested on once; 300"
        in shell.err
    )


def test_folds_say_what_they_divide(shell: Shell) -> None:
    assert shell("add", *SMALL, "--folds", "5") == 0
    assert shell.err.startswith(
        "5 folds of all 1,797 images, each class near its share: each image is tested on once\n"
    )
    assert [run["fold"] for run in runs(shell)] == [1, 2, 3, 4, 5]


def test_a_description_of_the_data_is_told_once_for_all_folds(shell: Shell) -> None:
    class_folders(shell.home / "flat")
    assert shell("add", "--data", "flat", "--folds", "4") == 0
    assert shell.err.count("3 classes") == 1 and "(the first of 4 splits)" in shell.err


def test_too_many_folds_and_a_split_that_is_given_are_refused(shell: Shell) -> None:
    class_folders(shell.home / "flat", each=4)
    assert shell.refuses("add", "--data", "flat", "--folds", "5") == (
        "resnet-tui: --folds: class 'class0' has 4 images, too few for one in each of 5 folds, nor have 2 more classes "
        "enough: give --folds 4 or fewer, or take the class out\n"
    )
    assert "the data have their own test split" in shell.refuses(
        "add", "--data", "fundus", "--split-seed", "1"
    )
    assert shell("ls", "--json") == 2  # nothing was written


def test_clone_makes_folds_of_a_run(shell: Shell) -> None:
    assert shell("add", *SMALL) == 0 and shell("clone", "1", "--folds", "3") == 0
    assert [run["fold"] for run in runs(shell)] == [0, 1, 2, 3]
    assert "which of the 4 folds" in shell.refuses("edit", "1", "--folds", "4")


def test_data_check_knows_folds_and_split_seeds(shell: Shell) -> None:
    class_folders(shell.home / "flat")
    assert shell("data", "check", "flat", "--json", "--folds", "4", "--fold", "2", "--names-only") == 0
    assert json.loads(shell.out)["splits"]["test"]["images"] == 9


def test_the_list_of_groups(shell: Shell, done: Store) -> None:
    assert shell("add", *SMALL, "--lr", "0.5") == 0
    assert shell("ls", "--groups") == 0
    head, row = shell.out.splitlines()
    assert head.split()[:5] == ["runs", "what", "data", "n", "covers"]
    assert row.startswith("1-5   resnet18, lr 0.01  digits  4  seeds   .9025 ± .0171  .8753 to .9297")
    assert row.endswith("4 of 5 done, queued: 5")


def test_the_document_of_the_groups(shell: Shell, done: Store) -> None:
    assert shell("ls", "--groups", "--json") == 0
    (group,) = json.loads(shell.out)["groups"]
    assert (
        group["run_ids"] == [1, 2, 3, 4, 5]
        and group["counted"] == [1, 2, 3, 4]
        and group["covers"] == "seeds"
    )
    assert group["not_done"] == {"5": "queued"} and group["differing"] == ["seed"]
    best = group["metrics"]["best"]["test_acc"]
    assert (best["n"], best["mean"], best["sd"]) == (
        4,
        pytest.approx(0.9025),
        pytest.approx(0.0170783, abs=1e-6),
    )
    assert (best["low"], best["high"]) == (
        pytest.approx(0.875325, abs=1e-5),
        pytest.approx(0.929675, abs=1e-5),
    )
    assert group["metrics"]["best"]["kappa"] == {
        "n": 0, "mean": None, "sd": None, "low": None, "high": None, "missing": 4,
    }  # fmt: skip


def test_groups_are_sorted_by_their_mean(shell: Shell, done: Store) -> None:
    assert shell("add", *SMALL, "--lr", "0.5", "--seeds", "2") == 0
    finish(done, {6: 0.95, 7: 0.97})
    shown = []
    for sort in ("id", "best"):
        assert shell("ls", "--groups", "--sort", sort, "--json") == 0
        shown.append([group["run_ids"][0] for group in json.loads(shell.out)["groups"]])
    assert shown == [[1, 6], [6, 1]]
    assert "does not sort groups" in shell.refuses("ls", "--groups", "--sort", "verdict")
    assert "any status" in shell.refuses("ls", "--groups", "--status", "done")


def test_no_groups_are_said(shell: Shell) -> None:
    assert shell("add", *SMALL) == 0 and shell("ls", "--groups") == 0
    assert shell.out == "" and shell.err.startswith("there are no groups: ")


def test_show_names_the_group(shell: Shell, done: Store) -> None:
    assert shell("show", "2") == 0
    assert "group         runs 1-5  differing in seed:  resnet-tui show 2 --group\n" in shell.out
    assert shell("show", "2", "--json") == 0
    assert json.loads(shell.out)["group"]["run_ids"] == [1, 2, 3, 4, 5]


def test_show_group_summarises_every_metric(shell: Shell, done: Store) -> None:
    assert shell("show", "2", "--group") == 0
    assert "n 4 seeds on one split: the interval covers the weights drawn at random" in shell.out
    assert "accuracy                               4  .9025 ± .0171" in shell.out
    assert "macro F1                               4  .451 ± .009" in shell.out
    assert shell("show", "2", "--group", "--json") == 0
    shown = json.loads(shell.out)
    assert [member["counted"] for member in shown["members"]] == [True] * 4 + [False]
    assert set(shown["metrics"]["best"]) == {"test_acc", "macro_f1", "test_nll"}


def test_show_group_of_a_run_alone_is_refused(shell: Shell) -> None:
    assert shell("add", *SMALL) == 0
    assert "run 1 is in no group" in shell.refuses("show", "1", "--group")


def test_equal_values_have_no_interval(shell: Shell, done: Store) -> None:
    finish(done, dict.fromkeys(range(1, 6), 0.435))
    assert shell("ls", "--groups") == 0
    assert ".4350 ± .0000  all equal" in shell.out
