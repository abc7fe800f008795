"""The command line as a script calls it."""

import json
from pathlib import Path

import pytest

from tui.cli import run


class Shell:
    """Calls `resnet-tui` in a home and keeps what it printed."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self._capsys = home, capsys
        self.out, self.err = "", ""

    def __call__(self, *arguments: str) -> int:
        code = run(list(arguments))
        self.out, self.err = self._capsys.readouterr()
        return code

    def refuses(self, *arguments: str) -> str:
        """A call that must end with code 2, one line on standard error and nothing else."""
        assert self(*arguments) == 2, self.err
        assert self.out == "" and self.err.count("\n") == 1 and "Traceback" not in self.err
        return self.err


def statuses(shell: Shell) -> dict[int, str]:
    """The status of each run, as `ls` gives it."""
    assert shell("ls", "--json") == 0
    return {run["id"]: run["status"] for run in json.loads(shell.out)["runs"]}
