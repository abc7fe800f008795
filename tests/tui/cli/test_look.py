"""`ls` and `show`: order, times, and why a run waits."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from shell import Shell
from sqlalchemy import text
from studies import train

from engine.store import queue
from engine.store.database import Store, open_store
from engine.store.workers import register
from tui.cli.look import SORT_KEYS


def test_the_reason_names_what_became_of_the_run_at_the_end_of_a_chain(shell: Shell) -> None:
    assert shell("add", "--data", "digits") == 0
    for target in ("1", "2"):
        assert shell("add", "--data", "digits", "--after", target) == 0
    for verb, why in (("pause", "which is paused"), ("cancel", "which was cancelled")):
        assert shell(verb, "1") == 0
        assert shell("show", "3", "--json") == 0
        assert json.loads(shell.out)["waiting"]["reason"] == f"waits for #1, {why}"
        assert shell("wait", "3") == 1 and shell.err == f"run 3 waits for run 1, {why}\n"


def test_ls_sorts_by_the_value_that_it_shows(shell: Shell, study: Store) -> None:
    with study.write() as session:  # as with --select-on: the best by another metric is another run
        session.execute(text("UPDATE run SET best = 1 - best_acc WHERE best IS NOT NULL"))
    assert shell("ls", "--sort", "best") == 0
    head, *rows = shell.out.splitlines()
    end = head.index("best") + len("best")
    shown = [cell for row in rows if (cell := row[:end].split()[-1]).startswith(".")]
    assert len(shown) >= 5 and shown == sorted(shown, reverse=True)


def test_ls_and_show_give_the_times_of_waiting_and_running_runs(shell: Shell) -> None:
    assert shell("add", "--data", "digits", "--epochs", "4", "--seed", "0,1,2", "--lr", "0.1") == 0
    assert shell("add", "--data", "fundus") == 0
    store = open_store(f"sqlite:///{shell.home}/runs.db")
    one = register(store, pid=os.getpid(), device="cpu", device_name="test processor")
    held = queue.claim(store, one)
    assert held is not None
    train(store, held, 4, skill=0.5)
    queue.end(store, held, "done")
    with store.write() as session:  # as if it had taken 40 s for 4 epochs of 20 steps
        session.execute(
            text("UPDATE run SET started_at = '2026-05-01 10:00:00', ended_at = '2026-05-01 10:00:40', "
                 "environment = '{\"device_name\": \"test processor\"}' WHERE id = 1")
        )  # fmt: skip
    second = queue.claim(store, one)
    assert second is not None
    train(store, second, 2, skill=0.5)
    assert shell("ls", "--json") == 0
    now = datetime.now(UTC)
    runs = {run["id"]: run for run in json.loads(shell.out)["runs"]}
    assert runs[1]["waiting"] is None
    ends = datetime.fromisoformat(runs[2]["waiting"]["ends_at"])
    assert runs[2]["waiting"]["reason"] is None and runs[2]["waiting"]["starts_at"] is None
    assert timedelta(0) < ends - now < timedelta(minutes=2)
    third = runs[3]["waiting"]
    assert third["reason"] == "next" and third["starts_at"] == runs[2]["waiting"]["ends_at"]
    # 4 epochs × 20 steps × 32 images at 64 images/s (the whole time) to 120 (training alone)
    low, high = (datetime.fromisoformat(each) for each in third["ends_between"])
    lowest, highest = (datetime.fromisoformat(each) for each in third["starts_between"])
    assert (low - lowest).total_seconds() == pytest.approx(2560 / 120, abs=2)
    assert (high - highest).total_seconds() == pytest.approx(44, abs=2)
    assert runs[4]["waiting"] == {
        "reason": "1 ahead", "starts_at": third["ends_at"], "ends_at": None,
        "starts_between": third["ends_between"], "ends_between": None,
        "slow": None,
    }  # fmt: skip
    assert shell("ls") == 0
    assert "ends ≈ " in shell.out and "next" in shell.out
    assert shell("show", "4") == 0 and "reason 1 ahead" in shell.out
    assert shell("queue", "pause") == 0 and shell("show", "3", "--json") == 0
    assert json.loads(shell.out)["waiting"] == {
        "reason": "queue paused", "starts_at": None, "ends_at": None, "starts_between": None, "ends_between": None,
        "slow": None,
    }  # fmt: skip
    store.close()


def test_an_end_in_more_than_ten_years_is_told_no_time(shell: Shell, study: Store) -> None:
    for epochs, is_told in ((100, True), (10**13, False)):
        with study.write() as session:
            session.execute(text("UPDATE run SET epochs = :epochs WHERE id = 5"), {"epochs": epochs})
        assert shell("ls") == 0 and shell("show", "5", "--json") == 0
        assert (json.loads(shell.out)["waiting"]["ends_at"] is not None) == is_told


def test_ls_in_the_order_of_the_queue(shell: Shell) -> None:
    for seed in range(3):
        shell("add", "--data", "digits", "--seed", str(seed))
    shell("move", "3", "top")
    shell("cancel", "1")
    assert shell("ls", "--sort", "queue") == 0
    assert [line.split()[0] for line in shell.out.splitlines()[1:]] == ["3", "2", "1"]


def test_ls_and_log_say_what_is_to_come(shell: Shell, study: Store) -> None:
    with study.write() as session:
        session.execute(text("UPDATE run SET request = 'pause' WHERE id = 5"))
    assert shell("ls") == 0 and shell.out.splitlines()[5].endswith("pauses after this step")
    assert shell("log", "7") == 0 and shell.err == "run 7 (queued) has no log yet\n"


@pytest.mark.parametrize("key", SORT_KEYS)
def test_ls_sorts_by_every_key_that_it_offers(shell: Shell, study: Store, key: str) -> None:
    assert shell("ls", "--sort", key, "--json") == 0, shell.err
    assert sorted(run["id"] for run in json.loads(shell.out)["runs"]) == list(range(1, 9))


def settings_told(shell: Shell) -> list[str]:
    """The cells under `settings`, which end where `epoch` begins."""
    head, *rows = shell.out.splitlines()
    return [row[head.index("settings") : head.index("epoch")].strip() for row in rows]


def test_ls_tells_runs_apart_by_settings_without_a_column(shell: Shell) -> None:
    shell("add", "--data", "digits", "--augment", "flip,none", "--seed", "0,1")
    assert shell("ls") == 0
    assert settings_told(shell) == [
        "augment flip, seed 0", "augment flip, seed 1", "augment none, seed 0", "augment none, seed 1",
    ]  # fmt: skip
    shell("add", "--data", "digits", "--folds", "3", "--sweep", "cv", "--augment", "none")
    assert shell("ls", "--sweep", "cv") == 0
    assert settings_told(shell) == ["fold 1/3", "fold 2/3", "fold 3/3"]
    assert shell("ls", "--sweep", "cv", "--sort", "auc") == 0 and "settings" in shell.out
    assert shell("ls", "--sweep", "cv", "--json") == 0
    assert [run["fold"] for run in json.loads(shell.out)["runs"]] == [1, 2, 3]


def test_ls_has_no_column_of_settings_where_they_tell_nothing(shell: Shell) -> None:
    shell("add", "--data", "digits", "--lr", "0.1,0.01")
    assert shell("ls") == 0 and "settings" not in shell.out


def test_ls_cuts_nothing_that_goes_to_a_file(shell: Shell) -> None:
    name = "a name that is longer than thirty characters"
    shell("add", "--data", "digits", "--name", name)
    assert shell("ls") == 0 and name in shell.out
