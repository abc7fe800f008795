"""Ask a module that needs torch: it runs in a process of its own, so that this one stays small."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from engine.problem import UserError


class AskError(UserError, RuntimeError):
    """Error of a module that gave no result: one line that says what could not be made, and why."""


def engine_command(module: str, arguments: Sequence[str]) -> list[str]:
    """`python -m engine.MODULE …`; the folder it starts in is not searched for modules."""
    return [sys.executable, "-P", "-m", f"engine.{module}", *arguments]


def ask(module: str, arguments: Sequence[str], *, what: str, given: str = "") -> dict[str, Any]:
    """Return the JSON document that the module prints; `given` is its standard input.

    Raises AskError, saying that `what` could not be made."""
    command = engine_command(module, ["--json", *arguments])
    done = subprocess.run(command, capture_output=True, text=True, check=False, input=given)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise AskError(f"{what} could not be made: {last}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document
