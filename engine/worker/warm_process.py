"""Warm process: a training process that has imported everything before it gets a run."""

import contextlib
import subprocess
import sys
from typing import IO

from engine.files.paths import Home

DEATHS = 3


class WarmProcesses:
    """Starts training processes, and keeps at most one waiting for the next run."""

    def __init__(self, home: Home, device: str, *, profiles: bool = False) -> None:
        """Start processes for a device, which profile their first steps where `profiles` is True."""
        self._home, self._device, self._profiles = home, device, profiles
        self._spare: subprocess.Popen[bytes] | None = None
        self._died = 0
        """Warm processes in a row that ended before they were wanted."""

    @property
    def pids(self) -> set[int]:
        return {self._spare.pid} if self._spare is not None else set()

    def take(self, log: IO[bytes]) -> "subprocess.Popen[bytes]":
        """Return the spare process, or a new one whose output goes to `log`."""
        spare, self._spare = self._spare, None
        if spare is not None and spare.poll() is None:
            self._died = 0
            return spare
        return self._start(log)

    def keep(self) -> None:
        """Have a spare: one that died is replaced, twice; where the host cannot keep one, runs start without. Nor is it
        an error where the host starts none."""
        if self._spare is not None and self._spare.poll() is not None:
            self._spare, self._died = None, self._died + 1
        if self._spare is None and self._died < DEATHS:
            with contextlib.suppress(OSError):
                self._spare = self._start(subprocess.DEVNULL)

    def drop(self) -> None:
        """Let the spare leave: it sees its standard input close."""
        spare, self._spare = self._spare, None
        if spare is not None:
            assert spare.stdin is not None
            with contextlib.suppress(OSError):
                spare.stdin.close()
            spare.kill()  # it has nothing to lose, and may be busy importing
            spare.wait()

    def _start(self, output: int | IO[bytes]) -> "subprocess.Popen[bytes]":
        # -P: the home is the process's folder, and must not be searched for modules.
        command = [sys.executable, "-P", "-m", "engine.training.process", "--device", self._device]
        command += ["--home", str(self._home.root), "--cache", str(self._home.cache)]
        command += ["--profile"] if self._profiles else []
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=self._home.root,
            env=self._home.environment(),
        )
