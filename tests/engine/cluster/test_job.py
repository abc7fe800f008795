"""The function of a job, and the files that it is found by."""

import os
import time
from pathlib import Path

import pytest

pytest.importorskip("submitit", reason="submitit is not installed")

from cloudpickle import dumps, loads

from engine.cluster import slurm
from engine.cluster.job import JobWorker
from engine.cluster.submissions import Submission, new_submission, submissions
from engine.files.paths import Home
from engine.hardware.worker_start import announced
from engine.spec.grid import make_spec
from engine.store import queue
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.store.workers import register

SCONTROL = """#!/bin/sh
kill -TERM $$
[ -e {folder}/refuses ] && echo "scontrol: error: Requested operation is presently disabled" >&2 && exit 1
echo "$@" >> {folder}/asked
"""


@pytest.fixture
def scontrol(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a stand-in for scontrol, which gets SIGTERM as a requeued job's processes do, and writes down what
    it is asked."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "scontrol").write_text(SCONTROL.format(folder=folder))
    (folder / "scontrol").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    return folder


def test_a_job_is_requeued_only_while_runs_wait(
    tmp_path: Path, scontrol: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home.find(tmp_path)
    job = JobWorker(home, new_submission(home))
    store = open_store(home.database)
    assert exit_code(job) == 0 and "no run waits: the job ends" in capsys.readouterr().err
    (run_id,) = add_runs(store, [make_spec({"data": "digits"})]).ids
    assert not (scontrol / "asked").exists()
    assert exit_code(job) == 0 and (scontrol / "asked").read_text() == "requeue 7\n"
    assert "the job is in Slurm's queue again" in capsys.readouterr().err
    worker = register(store, pid=os.getpid(), device="cpu", device_name="a processor")
    held = queue.claim(store, worker)
    assert held is not None and held.run_id == run_id
    assert exit_code(job) == 0  # another worker has it
    store.close()
    (tmp_path / "runs.db").unlink()
    assert (scontrol / "asked").read_text() == "requeue 7\n"
    assert exit_code(job) == 0, "nobody knows: the requeued job finds out"
    assert (scontrol / "asked").read_text() == "requeue 7\n" * 2


def test_a_job_that_slurm_does_not_requeue_says_so_in_one_line(
    tmp_path: Path, scontrol: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scontrol / "refuses").touch()
    home = Home.find(tmp_path)
    store = open_store(home.database)
    add_runs(store, [make_spec({"data": "digits"})])
    store.close()
    assert exit_code(JobWorker(home, new_submission(home))) == 1
    said = capsys.readouterr().err
    assert (
        said.count("\n") == 1
        and "Slurm says: Requested operation is presently disabled: the job ends" in said
    )


def exit_code(job: JobWorker) -> object:
    with pytest.raises(SystemExit) as left:
        job.checkpoint()
    return left.value.code


def test_the_stored_function_holds_no_password(tmp_path: Path) -> None:
    home = Home.find(tmp_path, "postgresql://ann:secret@gpu03/runs")
    submission = new_submission(home)
    stored = dumps(JobWorker(home, submission))
    assert b"secret" not in stored and loads(stored)._home() == home
    assert submission.database.stat().st_mode & 0o777 == 0o600
    assert submission.folder.stat().st_mode & 0o777 == 0o700


def test_another_users_jobs_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """squeue lists none of them to root, who could delete the files of a living job."""
    home = Home.find(tmp_path)
    submission = new_submission(home)
    submission.write_jobs(["7"])
    assert list(submissions(home)) == [submission]
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    assert list(submissions(home)) == []


def test_jobs_of_another_cluster_are_listed_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This host's squeue does not list them: it must not take them for ended and delete their files."""
    home = Home.find(tmp_path)
    submitted = {}
    for name, job_id in (("here", "7"), ("there", "8")):
        made = submitted[name] = new_submission(home)
        made.write_cluster(name)
        made.write_jobs([job_id])
        old = time.time() - 120
        os.utime(made.folder / "jobs.json", (old, old))
    answers = {"scontrol": "SlurmUser = slurm(64030)\nClusterName             = here\n", "squeue": ""}
    monkeypatch.setattr(slurm, "_ask", lambda command, *_: answers[command])
    monkeypatch.setattr(slurm, "cluster", slurm.cluster.__wrapped__)  # nothing is kept for other tests
    (job,) = slurm.jobs_of(home)
    assert (job.id, job.state, job.reason) == ("8", slurm.ELSEWHERE, "submitted in cluster there: ask there")
    assert submitted["there"].database.exists() and not submitted["here"].database.exists()
    assert list(submissions(home)) == [submitted["there"]]
    monkeypatch.setattr(slurm, "_ask", lambda *_: pytest.fail("asked though no cluster is known"))
    submitted["there"].write_jobs([])
    assert slurm.jobs_of(home) == []


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
