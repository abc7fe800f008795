"""A Slurm cluster of one node on this host, from Debian's slurm-wlm and munge, for as long as a test needs it.

The node has a host name and processes of its own (namespaces), so that its workers are those of another host."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import until

NODE = "slurm-test-node"
CPUS = 4
APART = ("unshare", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child")
"""Command that gives a process its own host name and processes, which all end with it."""
NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "unshare")
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdTimeout=10
KillWait=15
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName={node} NodeHostname={node} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=main Nodes={node} Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes={node} MaxTime=INFINITE State=UP PriorityTier=9 PreemptMode=OFF
"""


class Cluster:
    """Running daemons; `environment` is that of Slurm's commands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.conf = folder, folder / "slurm.conf"
        self.environment = {**os.environ, "SLURM_CONF": str(self.conf)}
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for name in ("state", "spool"):
            (self.folder / name).mkdir(mode=0o755)
        ports = [_free_port(), _free_port()]
        self.conf.write_text(
            CONF.format(folder=self.folder, host=socket.gethostname(), node=NODE, cpus=CPUS, ports=ports)
        )
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(64))
        munge = [f"--{name}={self.folder}/munge.{end}" for name, end in MUNGE]
        self._spawn("munged", ["munged", "--foreground", "--force", *munge])
        until((self.folder / "munge.sock").exists, what="munged", seen=self.logs)
        self._spawn("slurmctld", ["slurmctld", "-D", "-f", str(self.conf)])
        self._start_node()
        until(lambda: self.ask("sinfo", "-h", "-o", "%T") == "idle", what="an idle node", seen=self.logs)

    @property
    def has_node(self) -> bool:
        return "slurmd" in self._daemons

    def _start_node(self) -> None:
        named = 'hostname "$0" && exec slurmd -D -N "$0" -f "$1"'
        self._spawn("slurmd", [*APART, "sh", "-c", named, NODE, str(self.conf)])

    def lose_node(self) -> None:
        """Kill slurmd and all processes of the node at once, as a loss of power does."""
        slurmd = self._daemons.pop("slurmd")
        slurmd.kill()
        slurmd.wait()

    def ask(self, *command: str) -> str:
        """Return what a command of Slurm's prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def logs(self) -> str:
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-2000:]}"
            for path in self.folder.glob("*.log")
        )

    def stop(self) -> None:
        if "slurmctld" in self._daemons:
            self.ask("scancel", "--signal=KILL", "--full", "--state=RUNNING", "--user=root")
            self.ask("scancel", "--user=root")
        for daemon in reversed(self._daemons.values()):
            daemon.kill()  # it has nothing to keep
            daemon.wait()

    def _spawn(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )


MUNGE = (
    ("socket", "sock"),
    ("key-file", "key"),
    ("pid-file", "pid"),
    ("log-file", "munged-log"),
    ("seed-file", "seed"),
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster that lives as long as the block; skips the test where there can be none."""
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"no Slurm to test with ({missing[0]} is missing): apt-get install slurm-wlm munge")
    if os.geteuid() != 0:
        pytest.skip("a Slurm cluster for the tests needs root")
    if subprocess.run([*APART, "hostname", NODE], capture_output=True).returncode:
        pytest.skip("a Slurm cluster for the tests needs namespaces, which are not permitted here")
    with tempfile.TemporaryDirectory(prefix="slurm") as name:
        Path(name).chmod(0o755)  # munged refuses a socket that others cannot reach
        running = Cluster(Path(name))
        try:
            running.start()
            yield running
        finally:
            running.stop()
