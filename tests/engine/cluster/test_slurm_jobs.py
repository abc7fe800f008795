"""Workers in a real Slurm of one node, which is another host by its name, with the run table in PostgreSQL."""

import json
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab
from long import only_in_soak
from postgres import Server
from safetensors.numpy import load_file
from shell import Shell
from slurm_cluster import NODE, Cluster, cluster
from sqlalchemy import make_url
from waiting import LIMIT_S, until

from engine.hardware import processes
from engine.metrics.catalogue import TIMED
from engine.store import history, workers
from engine.store.epoch_values import values_of_row

ROOT = Path(__file__).parents[3]
PASSWORD = "not-for-others"


@pytest.fixture(scope="module")
def slurm() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.fixture
def there(
    slurm: Cluster, postgres_server: Server, tmp_path: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """A home whose run table is on a server that takes any password."""
    url = make_url(postgres_server.new_database()).set(password=PASSWORD)
    monkeypatch.setenv("RESNET_TUI_DB", url.render_as_string(hide_password=False))
    monkeypatch.setenv("SLURM_CONF", str(slurm.conf))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made = Lab(tmp_path)
    yield made
    slurm.ask("scancel", "--user=root")
    if slurm.has_node:
        until(lambda: not slurm.ask("squeue", "--noheader"), what="an empty queue", seen=slurm.logs)
    made.close()


def submit(shell: Shell, *options: str, time: int = 10) -> str:
    """Submit a worker and return its job's id."""
    assert shell("workers", "start", "--slurm", f"time={time}", *options) == 0, shell.err
    found = re.search(r"submitted to Slurm: (\S+?)[; ]", shell.err)
    assert found is not None
    return found[1]


def listing_of(shell: Shell) -> dict[str, list[dict[str, object]]]:
    assert shell("workers", "ls", "--json") == 0
    document: dict[str, list[dict[str, object]]] = json.loads(shell.out)
    assert document["slurm"] is None
    return document


def state_of(slurm: Cluster, job: str) -> str:
    return slurm.ask("squeue", "--noheader", f"--jobs={job}", "--format=%T")


def said(lab: Lab) -> str:
    """The logs of all jobs."""
    return "\n".join(path.read_text() for path in (lab.home.root / "runs" / "slurm").rglob("*.out"))


def until_status(lab: Lab, run_id: int, status: str) -> None:
    until(
        lambda: lab.run(run_id).status == status,
        timeout_s=LIMIT_S,
        what=f"run {run_id} {status}",
        seen=lambda: said(lab),
    )


def attempts(lab: Lab, run_id: int) -> list[int]:
    """The attempt that wrote each epoch."""
    with lab.store.read() as session:
        return [row.attempt for row in history.epochs_of(session, run_id)]


def start_soon(slurm: Cluster, job: str) -> None:
    """Start a requeued job, which Slurm holds back for two minutes; in the second in which it left its node, Slurm
    would take it for the one that has left."""
    slurm.ask("scontrol", "update", f"jobid={job}", "StartTime=now+3")
    until(lambda: state_of(slurm, job) in ("RUNNING", ""), what="the requeued job", seen=slurm.logs)


def bits(lab: Lab, run_id: int) -> object:
    """All numbers of a run but its times, and its weights."""
    with lab.store.read() as session:
        rows = [values_of_row(row).values for row in history.epochs_of(session, run_id)]
    weights = {name: each.tobytes() for name, each in load_file(lab.home.run(run_id).best).items()}
    return [{key: value for key, value in row.items() if key not in TIMED} for row in rows], weights


def test_a_job_trains_the_queue_and_tells_nobody_the_password(
    there: Lab, slurm: Cluster, shell: Shell
) -> None:
    run_id = there.add()
    job = submit(shell, "job_name=other")
    until_status(there, run_id, "done")
    until(lambda: not state_of(slurm, job), what="the job's end", seen=slurm.logs)
    assert slurm.ask("scontrol", "show", "job", job).count("JobState=COMPLETED") == 1
    assert attempts(there, run_id) == [1, 1, 1]
    folder = there.home.root / "runs" / "slurm"
    holders = [
        path for path in folder.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]
    assert [path.name for path in holders] == ["database"]
    for path in (folder, *folder.rglob("*")):
        assert path.is_symlink() or not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    kept = [
        path for path in slurm.folder.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]
    assert kept == []


def test_a_cancelled_job_puts_its_run_back_and_the_next_goes_on(
    there: Lab, slurm: Cluster, shell: Shell
) -> None:
    run_id = there.add(epochs=600)
    job = submit(shell, "--slots", "2", "--tag", "night")
    there.until_epoch(run_id, 2)
    until(lambda: len(listing_of(shell)["workers"]) == 2, what="both workers of the job")
    listed = listing_of(shell)
    (in_slurm,) = listed["jobs"]
    assert {(worker["host"], worker["job"]) for worker in listed["workers"]} == {(NODE, job)}
    assert [worker["run"] for worker in listed["workers"]].count(run_id) == 1
    assert (in_slurm["id"], in_slurm["state"]) == (job, "RUNNING")
    assert in_slurm["workers"] == [worker["id"] for worker in listed["workers"]]
    with there.store.read() as session:
        assert {row.tags for row in workers.present(session)} == {",night,"}
    assert in_slurm["node"] == NODE and in_slurm["reason"] is None
    assert shell("workers", "stop", f"slurm:{job}") == 0 and f"cancelled: {job}" in shell.err
    until_status(there, run_id, "queued")
    run = there.run(run_id)
    assert run.failures == 0 and run.epoch >= 2
    until(lambda: not state_of(slurm, job), what="the job's end", seen=slurm.logs)
    submit(shell)
    until(
        lambda: len(attempts(there, run_id)) == run.epoch + 2, what="the next epoch", seen=lambda: said(there)
    )
    assert attempts(there, run_id) == [1] * (run.epoch + 1) + [2], "it went on from its checkpoint"
    (worker,) = listing_of(shell)["workers"]
    assert shell("workers", "stop", str(worker["id"])) == 0, (
        "through the run table, for it is on another host"
    )
    until_status(there, run_id, "queued")
    until(lambda: not slurm.ask("squeue", "--noheader"), what="the job's end", seen=slurm.logs)


@only_in_soak
def test_at_the_warning_a_job_checkpoints_and_is_requeued_until_no_run_is_left(
    there: Lab, slurm: Cluster, shell: Shell
) -> None:
    calm = there.add(epochs=12)
    there.drain()
    run_id = there.add(epochs=12)
    job = submit(shell)
    there.until_epoch(run_id, 1)
    slurm.ask("scancel", "--batch", "--signal=USR2", job)
    until_status(there, run_id, "queued")
    epoch = there.run(run_id).epoch
    assert 1 <= epoch < 12, "it was done before the warning"
    until(lambda: state_of(slurm, job) == "PENDING", what="the requeued job", seen=slurm.logs)
    (waiting,) = listing_of(shell)["jobs"]
    assert waiting["reason"] == "BeginTime" and waiting["worker"] is None
    start_soon(slurm, job)
    until_status(there, run_id, "done")
    run = there.run(run_id)
    assert (run.attempt, run.failures) == (2, 0)
    assert bits(there, run_id) == bits(there, calm)


def test_slurm_says_why_it_refuses_or_lets_wait(there: Lab, slurm: Cluster, shell: Shell) -> None:
    refused = shell.refuses("workers", "start", "--slurm", "time=10", "partition=nowhere")
    assert (
        refused.startswith("resnet-tui: Slurm says: ") and "invalid partition specified: nowhere" in refused
    )
    assert "--no-such-option" in shell.refuses("workers", "start", "--slurm", "time=10", "no_such_option=1")
    assert not list((there.home.root / "runs" / "slurm").iterdir()), "a refused call leaves nothing behind"
    there.add(epochs=600)
    first = submit(shell, "count=2", "exclusive", "begin=now+1hour")
    assert first.endswith("_0")
    waiting = until(
        lambda: [each for each in listing_of(shell)["jobs"] if each["reason"] == "BeginTime"],
        what="a reason",
        seen=slurm.logs,
    )
    assert waiting[0]["state"] == "PENDING"
    assert shell("workers", "ls") == 0
    head, row, _second = map(str.split, shell.out.splitlines())
    assert head == ["job", "state", "reason", "node", "worker"]
    assert row == [f"slurm:{first}", "PENDING", "BeginTime", "–"]
    assert shell("workers", "stop", "--all") == 0
    until(lambda: not listing_of(shell)["jobs"], what="no job", seen=slurm.logs)


def test_a_run_table_in_a_file_serves_jobs_of_this_host_only(
    there: Lab, slurm: Cluster, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("--db", "sqlite:///runs.db")
    assert shell("add", "--data", "digits", *here) == 0
    refused = shell.refuses("workers", "start", "--slurm", "time=10", *here)
    assert "runs.db is a file" in refused and "PostgreSQL" in refused
    monkeypatch.setattr(processes, "host_name", lambda: f"{NODE}.cluster")
    job = submit(shell, "begin=now+1hour", *here)
    assert state_of(slurm, job) == "PENDING"
    assert shell("workers", "stop", f"slurm:{job}", *here) == 0


@only_in_soak
def test_a_job_that_makes_room_for_another_comes_back(there: Lab, slurm: Cluster, shell: Shell) -> None:
    run_id = there.add(epochs=600)
    job = submit(shell, "exclusive")
    there.until_epoch(run_id, 1)
    urgent = slurm.ask(
        "sbatch", "--parsable", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=true"
    )
    until_status(there, run_id, "queued")
    until(lambda: state_of(slurm, job) == "PENDING", what="the requeued job", seen=lambda: said(there))
    until(lambda: not state_of(slurm, urgent), what="the end of the other job", seen=slurm.logs)
    assert there.run(run_id).failures == 0
    start_soon(slurm, job)
    until(lambda: there.run(run_id).attempt == 2, what="the next attempt", seen=lambda: said(there))


@only_in_soak
def test_a_real_time_limit_costs_no_bit(there: Lab, slurm: Cluster, shell: Shell) -> None:
    calm = there.add(epochs=60)
    there.drain()
    run_id = there.add(epochs=60)
    job = submit(shell, "--warn", "20", time=1)
    tried = 1
    while there.run(run_id).status != "done":
        until(
            lambda: there.run(run_id).status == "done" or state_of(slurm, job) == "PENDING",
            what="the end or a requeued job",
            seen=slurm.logs,
        )
        start_soon(slurm, job)
        tried = max(tried, there.run(run_id).attempt)
    assert tried >= 2 and there.run(run_id).failures == 0
    assert bits(there, run_id) == bits(there, calm)


@only_in_soak
def test_a_run_on_a_lost_node_is_taken_over_when_its_lease_expires(
    there: Lab, slurm: Cluster, shell: Shell
) -> None:
    """The last test: the cluster has no node afterwards."""
    run_id = there.add(epochs=600)
    submit(shell)
    there.until_epoch(run_id, 1)
    slurm.lose_node()
    expires_s = there.run(run_id).lease_expires_s
    worker = there.start_worker()
    assert there.run(run_id).attempt == 1, "a worker of another host takes it only when the lease has expired"
    (lost,) = [each for each in listing_of(shell)["workers"] if each["host"] == NODE]
    assert lost["run"] == run_id
    until(lambda: there.run(run_id).attempt == 2, what="the other worker", seen=lambda: said(there))
    assert expires_s is not None and time.time() >= expires_s
    reached = there.run(run_id).epoch
    there.until_epoch(run_id, reached + 1)
    worker.terminate()
    assert worker.wait(timeout=LIMIT_S) == 0
