"""Agent of a run that several processes train: starts them through torch's elastic launcher and ends with them.

It stands between the worker and the processes: it passes requests on, and where it is killed they leave. It restarts
none of them: an attempt that lost one ends badly, and the worker queues the run again, as for a run in one process."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from engine.files.paths import Home
from engine.spec.conflicts import smallest_batch
from engine.spec.plugin_name import plugin_of
from engine.training.attempt import Attempt
from engine.training.control_channel import ControlChannel
from engine.training.failures import Failure, failure_path
from engine.worker.endings import ENDED_ALONE, LEASE_LOST, RANK_LOST, STORE_UNUSABLE

GRACE_S = 10
"""Seconds that the processes may take to leave after one of them has ended."""
LOOPBACK = "127.0.0.1"


class Agent:
    """Leader of the processes of one attempt."""

    def __init__(
        self, home: Home, attempt: Attempt, channel: ControlChannel, devices: Sequence[str], *, profiles: bool
    ) -> None:
        """Take the worker's `devices`: `cpu`, which all processes share, or cards, one for each."""
        self._home, self._attempt, self._channel, self._profiles = home, attempt, channel, profiles
        size = attempt.spec.gpus
        self._devices = list(devices[:size]) if devices[0] != "cpu" else ["cpu"] * size

    def lead(self) -> int:
        """Start the processes, wait for their end and return the exit code. Raises LeaseLost, StoreError."""
        self._attempt.say(self._division())
        with TemporaryDirectory(prefix="resnet-tui-") as folder:
            self._open_pipe()
            try:
                elastic_launch(self._config(Path(folder)), sys.executable)(*self._arguments(folder))
            except ChildFailedError as error:
                return self._code(error.failures, Path(folder))
        return 0

    def _division(self) -> str:
        """Say how the batches are divided, as a line of the log."""
        spec, count = self._attempt.spec, len(self._devices)
        on_cpu = self._devices[0] == "cpu"
        where = f"{count} processes on the CPU (gloo)" if on_cpu else f"{', '.join(self._devices)} (nccl)"
        line = f"gpus {count}: {where} share each batch of {spec.batch_size}"
        if spec.divides_batch_norm and plugin_of(spec.arch) is None:
            line += f"; BatchNorm sees up to {-(-spec.batch_size // count)} images at a time"
        elif spec.sync_batchnorm:
            line += "; BatchNorm sees all of it"
        return line

    def _open_pipe(self) -> None:
        """Give the processes a pipe as standard input, with the order and later requests in it."""
        reader, writer = os.pipe()
        os.dup2(reader, 0)
        os.close(reader)
        assert self._channel.order is not None
        os.write(writer, f"{self._channel.order.line()}\n".encode())

        def ask(word: str) -> None:
            os.write(writer, f"{word}\n".encode())

        self._channel.pass_on(ask)

    def _config(self, folder: Path) -> LaunchConfig:
        """Let the processes meet through files, so that none listens to other hosts."""
        logging.disable()  # the launcher's own words are not for users
        loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
        for library in ("GLOO", "NCCL"):
            os.environ[f"{library}_SOCKET_IFNAME"] = loopback
        return LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=len(self._devices),
            logs_specs=DefaultLogsSpecs(log_dir=str(folder / "launcher")),
            run_id="group",
            rdzv_backend="c10d",
            rdzv_endpoint=str(folder / "launchers"),
            rdzv_configs={"store_type": "file"},
            max_restarts=0,
            local_addr=LOOPBACK,
            signals_to_handle="SIGQUIT",
            shutdown_timeout=GRACE_S,
        )

    def _arguments(self, folder: str) -> list[str]:
        fewest = smallest_batch(self._attempt.spec)
        arguments = ["-P", "-m", "engine.training.rank", "--folder", folder, "--fewest", str(fewest)]
        arguments += ["--home", str(self._home.root), "--cache", str(self._home.cache)]
        arguments += [word for device in self._devices for word in ("--device", device)]
        return arguments + (["--profile"] if self._profiles else [])

    def _code(self, failures: Mapping[int, ProcessFailure], folder: Path) -> int:
        """Return the exit code for processes of which some failed, with the failure recorded that no other has."""
        first = failures.get(0)
        if first is not None and first.exitcode == ENDED_ALONE:
            return 0
        if first is not None and first.exitcode in (LEASE_LOST, STORE_UNUSABLE):
            return first.exitcode
        for rank in failures:
            if failure := Failure.read(failure_path(folder, rank)):
                self._attempt.record_failure(failure)
                return 0
        rank, lost = next(
            (item for item in failures.items() if item[1].exitcode not in (RANK_LOST, -signal.SIGTERM)),
            next(iter(failures.items())),
        )
        self._attempt.say(f"process {rank + 1} of {len(self._devices)} {_end(lost.exitcode)}")
        return RANK_LOST


def _end(code: int) -> str:
    if code >= 0:
        return f"left with code {code}"
    return f"was ended by {signal.Signals(-code).name}"
