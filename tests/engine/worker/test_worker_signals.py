"""Workers that are told to leave, and workers that stood still while another took their run."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from lab import Lab, spare_of, training_of
from sqlalchemy import text
from waiting import LIMIT_S, until

from engine.hardware import processes
from engine.store import history, workers
from engine.store.tables import Run
from engine.worker.training_process import REAP_S, SOON_S


def test_a_worker_leaves_unhurried_and_a_closed_terminal_is_nothing_to_it(lab: Lab) -> None:
    """SIGHUP, then SIGUSR1; meanwhile a spare process waits for the next run, and is replaced when it dies."""
    trained, waiting = lab.add(epochs=500), lab.add(epochs=500)
    worker = lab.start_worker()
    lab.until_epoch(trained, 1)
    worker.send_signal(signal.SIGHUP)
    first = until(lambda: spare_of(worker.pid), what="a spare")
    os.kill(first, signal.SIGKILL)
    second = until(
        lambda: spare_of(worker.pid) not in (None, first) and spare_of(worker.pid), what="another spare"
    )
    began = processes.started(second)
    lab.until_epoch(trained, lab.run(trained).epoch + 1)
    worker.send_signal(signal.SIGUSR1)
    assert worker.wait(timeout=LIMIT_S) == 0
    run = lab.run(trained)
    assert (run.status, run.attempt, run.failures) == ("queued", 1, 0) and lab.run(waiting).attempt == 0
    assert "queued again" in lab.log(trained)
    assert not processes.is_alive(second, began)
    assert run.peak_memory_gb is not None and 0.1 < run.peak_memory_gb < 100


def test_a_signal_that_ends_the_training_too_is_no_failure_of_the_run(lab: Lab) -> None:
    """As where a cluster sends SIGTERM to all processes of a job, and the training cannot take it yet."""
    run_id = lab.add(epochs=500)
    worker = lab.start_worker()
    lab.until_epoch(run_id, 1)
    training = training_of(lab, worker.pid, run_id)
    os.kill(worker.pid, signal.SIGSTOP)
    os.kill(training, signal.SIGKILL)
    worker.terminate()
    os.kill(worker.pid, signal.SIGCONT)
    assert worker.wait(timeout=LIMIT_S) == 0
    assert (lab.run(run_id).status, lab.run(run_id).failures) == ("queued", 0)


def held_still(lab: Lab, run_id: int) -> "tuple[subprocess.Popen[str], int, str]":
    """A worker whose training process cannot obey, and that one's pid and beginning."""
    worker = lab.start_worker()
    training = training_of(lab, worker.pid, run_id)
    os.kill(training, signal.SIGSTOP)
    return worker, training, processes.started(training)


def test_a_training_that_does_not_obey_is_left_for_its_last_checkpoint(lab: Lab) -> None:
    run_id = lab.add()
    worker, training, began = held_still(lab, run_id)
    worker.terminate()
    assert worker.wait(timeout=LIMIT_S) == 0
    assert SOON_S + REAP_S < 10, "what SIGTERM promises"
    assert (lab.run(run_id).status, lab.run(run_id).failures) == ("queued", 0)
    assert "queued again" in lab.log(run_id)
    assert not processes.is_alive(training, began)


def test_a_second_signal_leaves_now(lab: Lab) -> None:
    run_id = lab.add()
    worker, training, began = held_still(lab, run_id)
    worker.terminate()
    worker.send_signal(signal.SIGINT)
    assert worker.wait(timeout=LIMIT_S) == 130
    assert "queued again" not in lab.log(run_id), "it waited for the training"
    assert (lab.run(run_id).status, lab.run(run_id).failures) == ("queued", 0)
    assert not processes.is_alive(training, began)


def test_who_stood_still_past_the_lease_writes_nothing_more(lab: Lab) -> None:
    run_id = lab.add(epochs=8)
    old = lab.start_worker("--lease", "3600")
    lab.until_epoch(run_id, 2)
    until(lambda: lease_s(lab, run_id) > 1800, what="a lease as long as was asked")
    training = training_of(lab, old.pid, run_id)
    began = processes.started(training)
    until(lambda: stop_between_writes(lab, old.pid, training), what="a moment without the write lock")
    assert 2 <= lab.run(run_id).epoch < 8
    with lab.store.write() as session:
        session.execute(text("UPDATE run SET lease_expires_s = 0"))
    new = lab.start_worker("--drain")
    assert new.wait(timeout=LIMIT_S) == 0
    assert (lab.run(run_id).status, lab.run(run_id).attempt) == ("done", 2)
    before = everything(lab, run_id)
    for pid in (training, old.pid):
        os.kill(pid, signal.SIGCONT)
    until(lambda: not processes.is_alive(training, began), what="the old training process to leave")
    old.terminate()
    _, said = old.communicate(timeout=LIMIT_S)
    assert "was taken over by another worker" in said
    assert everything(lab, run_id) == before


def lease_s(lab: Lab, run_id: int) -> float:
    """Return for how many seconds a running run's lease still lasts."""
    return (lab.run(run_id).lease_expires_s or 0) - time.time()


def stop_between_writes(lab: Lab, *pids: int) -> bool:
    """Stop processes; False, and let them go on, where one of them holds the write lock: all would wait for it."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    with contextlib.closing(
        sqlite3.connect(lab.home.root / "runs.db", timeout=0.1, isolation_level=None)
    ) as probe:
        try:
            probe.execute("BEGIN IMMEDIATE")
            probe.execute("ROLLBACK")
        except sqlite3.OperationalError:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            return False
    return True


def everything(lab: Lab, run_id: int) -> tuple[object, ...]:
    """A run's row, its numbers, and its files with their contents and times."""
    with lab.store.read() as session:
        epochs = [row.model_dump() for row in history.epochs_of(session, run_id)]
        losses = [row._asdict() for row in history.losses_of(session, run_id)]
    folder = lab.home.run(run_id).folder
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}
    return Run.model_dump(lab.run(run_id)), epochs, losses, files


def test_a_worker_for_each_card_has_one_parent(lab: Lab, tmp_path: Path) -> None:
    """Here with the CPU twice in the place of two cards."""
    home = ["--home", str(tmp_path)]
    code = f"import sys; from engine.worker.all_devices import lead; sys.exit(lead(['cpu'] * 2, {home}))"
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    lab.workers.append(parent)
    until(lambda: len(worker_pids(lab)) == 2, what="two workers")
    assert parent.pid not in worker_pids(lab)
    parent.terminate()
    _, said = parent.communicate(timeout=LIMIT_S)
    assert parent.returncode == 0 and said.count("worker") >= 2 and worker_pids(lab) == []


def test_a_parent_that_is_told_twice_has_its_workers_leave_now(lab: Lab, tmp_path: Path) -> None:
    run_id = lab.add(epochs=500)
    code = (
        "import sys; from engine.worker.all_devices import lead; "
        f"sys.exit(lead(['cpu'], ['--home', {str(tmp_path)!r}]))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    lab.workers.append(parent)
    lab.until_epoch(run_id, 1)
    parent.terminate()
    parent.send_signal(signal.SIGINT)
    assert parent.wait(timeout=LIMIT_S) == 130
    assert (lab.run(run_id).status, lab.run(run_id).failures) == ("queued", 0)


def worker_pids(lab: Lab) -> list[int]:
    with lab.store.read() as session:
        return [row.pid for row in workers.present(session)]
