"""`workers start --ssh HOST`, with a stand-in for ssh that runs the command in a shell of its own, as sshd does."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab
from postgres import Server
from shell import Shell
from sqlalchemy import make_url
from waiting import until

from engine.cluster import shared_table
from engine.hardware import processes
from engine.store import workers

ROOT = Path(__file__).parents[3]
PASSWORD = "not-for-others"
STAND_IN = """#!/bin/sh
echo "$@" > {folder}/called
[ "$2" = nowhere ] && echo "ssh: Could not resolve hostname nowhere" >&2 && exit 255
shift 2
cd / && echo "Welcome to gpu03" && exec env -i PATH="$PATH" HOME=/nowhere PYTHONPATH={root} sh -c "$*"
"""


@pytest.fixture
def calls(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the arguments of the newest call of ssh."""
    folder = tmp_path_factory.mktemp("bin")
    stand_in = folder / "ssh"
    stand_in.write_text(STAND_IN.format(folder=folder, root=ROOT))
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder / "called"


@pytest.fixture
def there(
    postgres_server: Server, tmp_path: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """A home with a blank in its name, and its run table on a server that takes any password."""
    url = make_url(postgres_server.new_database()).set(password=PASSWORD)
    monkeypatch.setenv("RESNET_TUI_DB", url.render_as_string(hide_password=False))
    home = tmp_path / "my runs"
    home.mkdir()
    monkeypatch.chdir(home)
    made = Lab(home)
    yield made
    made.close()


def test_a_worker_starts_on_another_host_and_is_stopped(there: Lab, shell: Shell, calls: Path) -> None:
    run_id = there.add(epochs=2000)
    assert shell("workers", "start", "--ssh", "ann@gpu03", "--drain", "--tag", "night") == 0, shell.err
    assert "worker 1 started (process " in shell.err and PASSWORD not in calls.read_text()
    there.until_epoch(run_id, 1)
    with there.store.read() as session:
        (worker,) = workers.present(session)
    assert worker.tags == ",night,"
    command = Path(f"/proc/{worker.pid}/cmdline").read_bytes()
    assert b"--drain" in command and PASSWORD.encode() not in command
    assert os.getsid(worker.pid) == worker.pid, "it outlives the connection"
    assert shell("workers", "stop", "1") == 0
    until(lambda: there.run(run_id).status == "queued", what="the run put back")
    until(lambda: not processes.is_alive(worker.pid, worker.pid_started), what="the worker's end")


def test_what_fails_is_said_in_one_line(there: Lab, shell: Shell, calls: Path, tmp_path: Path) -> None:
    assert "ssh says: ssh: Could not resolve" in shell.refuses("workers", "start", "--ssh", "nowhere")
    assert "is no host" in shell.refuses("workers", "start", "--ssh=-oProxyCommand=x")
    missing = str(tmp_path / "missing")
    refused = shell.refuses("workers", "start", "--ssh", "gpu03", "--home-there", missing)
    assert f"gpu03: there is no folder {missing}" in refused
    assert "not both" in shell.refuses("workers", "start", "--ssh", "gpu03", "--slurm", "time=60")
    assert "add --ssh" in shell.refuses("workers", "start", "--home-there", missing)
    assert "add --slurm" in shell.refuses("workers", "start", "--ssh", "gpu03", "gres=gpu:1")


def test_a_host_without_the_program_is_named(
    there: Lab, shell: Shell, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/missing/bin/python")
    assert "gpu03 has no resnet-tui in" in shell.refuses("workers", "start", "--ssh", "gpu03")


def test_a_run_table_that_others_cannot_use_is_refused(
    shell: Shell, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell("add", "--data", "digits") == 0
    refused = shell.refuses("workers", "start", "--ssh", "gpu03")
    assert "runs.db is a file" in refused and "PostgreSQL" in refused and not calls.exists()
    for url in ("postgresql://ann:secret@localhost/runs", "postgresql:///runs"):
        with pytest.raises(shared_table.ClusterError, match="with the server's name") as told:
            shared_table.require_shared_table(shared_table.Home.find(shell.home, url))
        assert "secret" not in str(told.value)


def test_own_names_are_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "host_name", lambda: "gpu03.cluster")
    assert shared_table.is_this_host(["gpu03"]) and shared_table.is_this_host(["localhost", "GPU03.cluster"])
    assert not shared_table.is_this_host([]) and not shared_table.is_this_host(["gpu03", "gpu04"])
