"""The function of a job, and the files that it is found by."""

import os
import time
from pathlib import Path

import pytest

pytest.importorskip("submitit", reason="submitit is not installed")

from cloudpickle import dumps, loads

from engine.cluster.job import JobWorker
from engine.cluster.submissions import Submission, new_submission, submissions
from engine.files.paths import Home
from engine.hardware.worker_start import announced
from engine.spec.grid import make_spec
from engine.store import queue
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.store.workers import register


def test_a_job_is_requeued_only_while_runs_wait(tmp_path: Path) -> None:
    home = Home.find(tmp_path)
    job = JobWorker(home, new_submission(home))
    store = open_store(home.database)
    with pytest.raises(SystemExit) as left:
        job.checkpoint()
    assert left.value.code == 0
    (run_id,) = add_runs(store, [make_spec({"data": "digits"})]).ids
    assert isinstance(job.checkpoint().function, JobWorker)
    worker = register(store, pid=os.getpid(), device="cpu", device_name="a processor")
    held = queue.claim(store, worker)
    assert held is not None and held.run_id == run_id
    with pytest.raises(SystemExit):
        job.checkpoint()  # another worker has it
    store.close()
    (tmp_path / "runs.db").unlink()
    assert isinstance(job.checkpoint().function, JobWorker), "nobody knows: the requeued job finds out"


def test_the_stored_function_holds_no_password(tmp_path: Path) -> None:
    home = Home.find(tmp_path, "postgresql://ann:secret@gpu03/runs")
    submission = new_submission(home)
    stored = dumps(JobWorker(home, submission))
    assert b"secret" not in stored and loads(stored)._home() == home
    assert submission.database.stat().st_mode & 0o777 == 0o600
    assert submission.folder.stat().st_mode & 0o777 == 0o700


def test_a_submission_is_forgotten_but_for_its_logs_once_it_is_old(tmp_path: Path) -> None:
    made = new_submission(Home.find(tmp_path))
    assert list(submissions(Home.find(tmp_path))) == [] and made.read_jobs() == []
    made.write_jobs(["7_0", "7_1"])
    made.announcements("7_1").write_text("3\n4\n")
    (made.folder / "7_1_0_log.out").touch()
    (found,) = submissions(Home.find(tmp_path))
    assert found == Submission(made.folder) and found.read_jobs() == ["7_0", "7_1"]
    assert [announced(found.announcements(each)) for each in ("7_0", "7_1")] == [[], [3, 4]]
    found.forget()
    assert found.read_jobs() == ["7_0", "7_1"], "squeue may not list it yet"
    old = time.time() - 120
    os.utime(made.folder / "jobs.json", (old, old))
    found.forget()
    assert [path.name for path in made.folder.iterdir()] == ["7_1_0_log.out"]
    assert list(submissions(Home.find(tmp_path))) == []
