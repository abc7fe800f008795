"""Verbs of the command line as the app gives them: in a process of their own, whose lines are its progress."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.files.paths import SHARED, Home, atomic_path, made_folder
from tui.formatting import plain


class VerbFailed(Exception):
    """Verb that gave no result; one line that says what to do."""


@dataclass(frozen=True)
class VerbCall:
    """Call of a verb, and the file in which its result lies afterwards."""

    verb: str
    options: tuple[str, ...]
    arguments: tuple[str, ...]
    result: Path
    makes: Path | None = None
    """Folder that is made for the result; the verb makes it where this is None."""
    prefix: str = ""
    """Beginning of the verb's lines of progress; the others are not passed on."""
    takes_output: bool = False
    """True where the result is what the verb prints."""
    part_failed: str = ""
    """End of the last line of a verb that failed for a part of its work alone: its result is kept."""


def verb_command(home: Home, call: VerbCall) -> list[str]:
    """Return the command line of a call, without the database, which may have a password in it."""
    places = ("--home", str(home.root), "--cache", str(home.cache))
    return [sys.executable, "-P", "-m", "tui", call.verb, *call.options, *places, "--", *call.arguments]


def give_verb(home: Home, call: VerbCall, said: Callable[[str], object]) -> str:
    """Run a call to its end, hand its lines of progress to `said` as they come, and return what the verb says of the
    result: its last line, empty where that is none of progress. Raises VerbFailed, OSError."""
    with made_folder(call.makes) if call.makes is not None else nullcontext():
        if not call.takes_output:
            return _run(home, call, None, said)
        with atomic_path(call.result, mode=SHARED) as aside, aside.open("wb") as output:
            return _run(home, call, output, said)


def _run(home: Home, call: VerbCall, output: IO[bytes] | None, said: Callable[[str], object]) -> str:
    last = ""
    with subprocess.Popen(
        verb_command(home, call),
        stdin=subprocess.DEVNULL,
        stdout=output if output is not None else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=home.environment(),
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            last = plain(line.strip()) or last
            if line.startswith(call.prefix):
                said(plain(line.removeprefix(call.prefix).strip()))
    is_kept = process.returncode == 1 and call.part_failed and last.endswith(call.part_failed)
    if process.returncode and not is_kept:
        raise VerbFailed(last.removeprefix("resnet-tui: ") or f"it ended with exit code {process.returncode}")
    return last if last.startswith(call.prefix) else ""
