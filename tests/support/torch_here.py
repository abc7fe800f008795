"""Modules that need torch, asked in this process: a test process has loaded torch, a new one would load it again."""

import contextlib
import importlib
import io
import subprocess
import sys
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from engine import torch_subprocess


def run_here(command: list[str], **flags: Any) -> "subprocess.CompletedProcess[str]":
    """Do what `python -P -m MODULE ARGUMENTS` does."""
    python, safe, dash_m, name, *arguments = command
    assert (python, safe, dash_m) == (sys.executable, "-P", "-m")
    printed, said = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(said),
        patch.object(sys, "argv", [name, *arguments]),
        patch.object(sys, "stdin", io.StringIO(flags.get("input", ""))),
    ):
        code = importlib.import_module(name).main()
    return subprocess.CompletedProcess(command, code, printed.getvalue(), said.getvalue())


def load_torch_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_subprocess, "subprocess", SimpleNamespace(run=run_here))
