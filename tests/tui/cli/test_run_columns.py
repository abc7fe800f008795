"""`ls --columns`: the columns of Home, metrics and settings, by the same names."""

import json

import pytest
from shell import Shell

from engine.metrics.catalogue import numbers
from engine.spec.run_spec import FIELDS
from engine.store import listing
from engine.store.database import Store
from tui.cli.run_columns import HOME, OWN, find_column
from tui.views.metric_columns import optional_metrics
from tui.views.table_columns import COLUMNS, SORTS, UNSORTED


def table(shell: Shell) -> list[dict[str, str]]:
    """Read a table whose cells are single words."""
    head, *rows = (line.split() for line in shell.out.splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_columns_stand_in_the_order_in_which_they_are_named(shell: Shell, study: Store) -> None:
    assert shell("ls", "--columns", "best,id, batch-size,balanced_acc,arch,nesterov,best") == 0
    fourth = table(shell)[3]
    assert list(fourth) == ["best", "id", "batch_size", "balanced_acc", "arch", "nesterov"]
    assert shell("show", "4", "--json") == 0
    shown = json.loads(shell.out)
    assert fourth == {
        "best": ".9204",
        "id": "4",
        "batch_size": str(shown["batch_size"]),
        "balanced_acc": f"{shown['best']['balanced_acc']:.4f}".removeprefix("0"),
        "arch": shown["arch"],
        "nesterov": "no",
    }


@pytest.mark.parametrize("name", [*SORTS[1:], *OWN, *optional_metrics(), *FIELDS])
def test_every_name_is_a_column(shell: Shell, study: Store, name: str) -> None:
    assert shell("ls", "--columns", f"{name},id") == 0, shell.err
    head, *rows = shell.out.splitlines()
    assert head.split() == list(dict.fromkeys([name, "id"])) and [row.split()[-1] for row in rows] == list(
        "12345678"
    )


def test_the_names_are_those_of_home_and_of_the_metrics() -> None:
    assert set(HOME) == {each.key for each in COLUMNS} - set(UNSORTED)
    assert set(HOME) - set(OWN) == {"id", "arch", "pretrained", "lr", "seed", "ends", "best", "kappa"}
    assert {each.key for each in numbers() if each.is_in("columns") and each.split != "eval_train"} <= {
        *optional_metrics(), "test_acc", "kappa",
    }  # fmt: skip


def test_a_fold_is_told_with_their_number(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--folds", "3", "--needs", "tag=a") == 0
    assert shell("ls", "--columns", "fold,folds,status,sweep,remark") == 0
    head, *rows = shell.out.splitlines()
    assert head.split() == ["fold", "folds", "status", "sweep", "remark"]
    assert [row.split()[:3] for row in rows] == [[f"{fold}/3", "3", "queued"] for fold in (1, 2, 3)]


def test_wrong_names_get_a_line_each_with_the_nearest(shell: Shell, study: Store) -> None:
    assert shell("ls", "--columns", "id,kapa,batchsize,zzz") == 2 and shell.out == ""
    near, setting, none = shell.err.splitlines()
    assert near == "resnet-tui: --columns: 'kapa' is unknown: kappa, val_kappa?"
    assert setting == "resnet-tui: --columns: 'batchsize' is unknown: batch_size?"
    assert "'zzz' is unknown: choose from status, id, " in none and none.endswith(", such as batch_size")
    assert "give names such as id" in shell.refuses("ls", "--columns", " ,")
    assert "leave it out with --groups" in shell.refuses("ls", "--groups", "--columns", "id")


def test_json_is_the_same_with_columns(shell: Shell, study: Store) -> None:
    assert shell("ls", "--json") == 0
    document = json.loads(shell.out)
    assert shell("ls", "--json", "--columns", "id") == 0
    assert [run.keys() for run in json.loads(shell.out)["runs"]] == [run.keys() for run in document["runs"]]


def test_ls_sorts_by_a_setting_and_shows_it(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--batch-size", "64,8,16", "--weight-decay", "0.001,0.1") == 0
    assert shell("ls", "--sort", "batch-size") == 0
    head, *rows = shell.out.splitlines()
    end = head.index("batch_size") + len("batch_size")
    assert [row[:end].split()[-1] for row in rows] == ["8", "8", "16", "16", "64", "64"]
    assert [row.split()[0] for row in rows] == ["3", "4", "5", "6", "1", "2"]
    assert shell("ls", "--sort", "weight_decay", "--columns", "id") == 0
    assert shell.out.split() == ["id", "1", "3", "5", "2", "4", "6"]


def test_a_spec_of_an_older_version_has_the_default(shell: Shell, study: Store) -> None:
    with study.write() as session:
        run = listing.get_run(session, 4)
        run.spec = json.dumps({key: value for key, value in json.loads(run.spec).items() if key != "gpus"})
    assert shell("ls", "--columns", "gpus") == 0 and shell.out.split() == ["gpus", *"11111111"]
    assert find_column("nothing") is None
