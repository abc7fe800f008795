"""`ls`, `show` and `wait` where no worker is there but jobs wait in Slurm."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from shell import Shell

from engine.cluster.submissions import new_submission
from engine.files.paths import Home
from engine.store.database import open_store
from engine.store.edits.remove import remove
from engine.store.workers import register

WAITS = "waits for Slurm (2 jobs: Resources)"


@pytest.fixture
def squeue(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    """Have a stand-in for squeue answer; return the file that tells that it was asked."""
    folder = tmp_path_factory.mktemp("bin")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def answers(lines: str) -> Path:
        (folder / "answer").write_text(lines)
        (folder / "squeue").write_text(f"#!/bin/sh\ntouch {folder}/asked\ncat {folder}/answer\n")
        (folder / "squeue").chmod(0o755)
        return folder / "asked"

    return answers


def test_jobs_that_wait_are_the_reason_while_no_worker_is_there(
    shell: Shell, squeue: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = squeue("7_0|PENDING||Resources\n7_1|PENDING||Resources\n")
    assert shell("add", "--data", "digits") == 0
    assert shell("ls") == 0 and "no worker" in shell.out and not asked.exists(), "no job was submitted"
    new_submission(Home.find(shell.home)).write_jobs(["7_0", "7_1"])
    assert shell("ls") == 0 and WAITS in shell.out
    assert shell("show", "1", "--json") == 0
    assert json.loads(shell.out)["waiting"]["reason"] == WAITS
    store, home = open_store(f"sqlite:///{shell.home}/runs.db"), Home.find(shell.home)
    monkeypatch.setattr("tui.cli.control.time", SimpleNamespace(sleep=lambda _: remove(store, home, [1])))
    assert shell("wait", "1") == 1
    assert shell.err == f"no worker is running: {WAITS}\nrun 1 was removed\n"
    store.close()


def test_slurm_is_not_asked_where_a_worker_is_there(shell: Shell, squeue: Callable[[str], Path]) -> None:
    asked = squeue("7|PENDING||Resources\n")
    assert shell("add", "--data", "digits") == 0
    new_submission(Home.find(shell.home)).write_jobs(["7"])
    store = open_store(f"sqlite:///{shell.home}/runs.db")
    register(store, pid=os.getpid(), device="cpu", device_name="a processor")
    store.close()
    assert shell("ls") == 0 and "next" in shell.out and not asked.exists()
