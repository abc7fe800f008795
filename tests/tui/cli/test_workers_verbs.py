"""`workers start`, `ls` and `stop`."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab
from shell import Shell
from waiting import LIMIT_S, until

from engine.hardware import processes, worker_start
from engine.store import workers
from engine.store.database import Store
from engine.store.status import Asked
from tui.cli.workers import _with_arrays


@pytest.fixture
def home_of_lab(tmp_path: Path, shell: Shell) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.close()


def listed(shell: Shell) -> list[dict[str, object]]:
    assert shell("workers", "ls", "--json") == 0
    found: list[dict[str, object]] = json.loads(shell.out)["workers"]
    return found


def test_a_worker_that_is_started_trains_is_listed_and_stopped(home_of_lab: Lab, shell: Shell) -> None:
    run_id = home_of_lab.add(epochs=2000)
    assert shell("workers", "start", "--drain") == 0
    assert "worker 1 started" in shell.err
    (worker,) = listed(shell)
    assert (worker["id"], worker["host"]) == (1, processes.host_name())
    home_of_lab.until_epoch(run_id, 1)
    (worker,) = listed(shell)
    assert worker["run"] == run_id and worker["state"] == "running"
    assert shell("workers", "stop", "1") == 0
    assert shell.err == f"worker 1 stops: #{run_id} keeps its place and its checkpoint\n"
    until(lambda: not listed(shell), what="the end of the worker")
    run = home_of_lab.run(run_id)
    assert run.status == "queued" and run.failures == 0 and home_of_lab.home.run(run_id).last.exists()
    with pytest.raises(ChildProcessError):
        while True:  # the worker was a child of this process
            os.waitpid(int(str(worker["pid"])), 0)


def test_a_worker_starts_with_the_options_of_a_worker(home_of_lab: Lab, shell: Shell) -> None:
    home_of_lab.add(epochs=2000)
    options = ("--device", "cpu", "--slots", "2", "--tag", "night", "--tag", "lab")
    assert shell("workers", "start", *options) == 0
    assert "worker 1 started" in shell.err or "worker 2 started" in shell.err
    assert "others follow" in shell.err
    until(lambda: len(listed(shell)) == 2, what="both workers")
    with home_of_lab.store.read() as session:
        rows = workers.present(session)
    assert [(row.device, row.tags) for row in rows] == [("cpu", ",night,lab,")] * 2
    assert shell("workers", "stop", "--all") == 0
    until(lambda: not listed(shell), what="the end of the workers")


@pytest.mark.parametrize("where", [(), ("--ssh", "gpu03"), ("--slurm", "time=60")])
@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--device", "tpu"), "--device: 'tpu' is not a device"),
        (("--device", "cuda:0,cpu"), "--device: 'cuda:0,cpu': several devices are different cards"),
        (("--slots", "none"), "--slots: 'none' must be auto or a number"),
        (("--slots", "2", "--device", "cuda:0,cuda:1"), "give one card"),
        (("--tag", "a,b"), "--tag: 'a,b' is no tag"),
    ],
)
def test_an_option_that_no_worker_takes_starts_none(
    shell: Shell, study: Store, where: tuple[str, ...], option: tuple[str, ...], says: str
) -> None:
    assert says in shell.refuses("workers", "start", *where, *option)


@pytest.mark.parametrize(("how", "epochs"), [("stopping", 2000), ("draining", 40)])
def test_a_worker_does_what_the_run_table_asks(lab: Lab, how: Asked, epochs: int) -> None:
    first, second = lab.add(epochs=epochs), lab.add()
    worker = lab.start_worker()
    lab.until_epoch(first, 1)
    with lab.store.read() as session:
        (row,) = workers.present(session)
    assert row.id is not None and workers.ask_to_leave(lab.store, row.id, how=how)
    assert worker.wait(timeout=LIMIT_S) == 0
    assert lab.run(first).status == ("queued" if how == "stopping" else "done")
    assert lab.run(second).attempt == 0


def test_a_worker_that_is_drained_says_so(lab: Lab, shell: Shell) -> None:
    run_id = lab.add(epochs=2000)
    worker = lab.start_worker()
    lab.until_epoch(run_id, 1)
    os.kill(worker.pid, signal.SIGUSR2)
    until(lambda: [each["state"] for each in listed(shell)] == ["draining"], what="a worker that drains")
    worker.terminate()
    assert worker.wait(timeout=LIMIT_S) == 0 and lab.run(run_id).status == "queued"


def test_ls_tells_state_and_run(shell: Shell, study: Store) -> None:
    assert shell("workers", "ls") == 0
    head, row = shell.out.splitlines()
    assert head.split() == ["id", "host", "device", "state", "since", "run"]
    assert row.split()[0] == "1" and row.split()[-1] == "5" and "running" in row
    assert workers.ask_to_leave(study, 1, how="stopping")
    assert listed(shell)[0]["state"] == "stopping"
    workers.leave(study, 1)
    (lost,) = listed(shell)
    assert lost["state"] == "lost" and lost["run"] == 5


def test_what_cannot_be_stopped_is_said(shell: Shell, study: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    assert "give workers or --all" in shell.refuses("workers", "stop")
    assert "give workers or --all" in shell.refuses("workers", "stop", "1", "--all")
    assert "there is no worker 7" in shell.refuses("workers", "stop", "1", "7") and not sent
    assert shell("workers", "stop", "--all") == 0 and sent == [(os.getpid(), signal.SIGTERM)]
    monkeypatch.setattr(processes, "is_alive", lambda *_: False)
    assert shell("workers", "stop", "1") == 1 and shell.err == "worker 1 has gone already\n"


def test_to_stop_all_where_none_is_says_so(shell: Shell) -> None:
    assert shell("add", "--data", "digits") == 0
    assert shell("workers", "stop", "--all") == 0
    assert shell.out == "" and shell.err == "there is no worker to stop\n"


def test_a_worker_that_cannot_start_says_why(
    shell: Shell, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["/bin/sh", "-c", "echo the driver is too old: make install; exit 2"]
    monkeypatch.setattr(worker_start, "worker_command", lambda _home, **_: command)
    assert shell.refuses("workers", "start") == "resnet-tui: the driver is too old: make install\n"


def test_a_home_without_runs_is_refused(shell: Shell) -> None:
    for verb in ("start", "ls"):
        assert "no run table" in shell.refuses("workers", verb)


def test_an_arrays_id_stands_for_its_jobs(shell: Shell, study: Store) -> None:
    known = ("slurm:7_0", "slurm:7_1", "slurm:71_0")
    assert _with_arrays(["3", "slurm:7", "slurm:7_1"], known) == ["3", "slurm:7_0", "slurm:7_1"]
    assert "there is no job slurm:99" in shell.refuses("workers", "stop", "slurm:99")
