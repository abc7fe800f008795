"""Ask a room that needs torch: it runs in a process of its own, so that this one stays small."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any


class AskError(RuntimeError):
    """The room gave no answer: one line that says what could not be made, and why."""


def engine_command(room: str, arguments: Sequence[str]) -> list[str]:
    """`python -m engine.ROOM …`; the folder it starts in is not searched for modules."""
    return [sys.executable, "-P", "-m", f"engine.{room}", *arguments]


def ask(room: str, arguments: Sequence[str], *, what: str) -> dict[str, Any]:
    """The JSON document that the room prints. Raises AskError, saying that `what` could not be made."""
    command = engine_command(room, [*arguments, "--json"])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise AskError(f"{what} could not be made: {last}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document
