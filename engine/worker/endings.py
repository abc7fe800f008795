"""Causes of a training process that ended without recording it, and the response to each."""

import signal
from dataclasses import dataclass

from engine.store.status import Cause

LOG_UNWRITABLE = 73
"""Exit code of a training process that cannot open the run's log (EX_CANTCREAT of sysexits.h)."""
OTHER_VERSION = 70
"""Exit code of a training process that cannot read its worker's order (EX_SOFTWARE of sysexits.h)."""
LEASE_LOST = 74
STORE_UNUSABLE = 75
"""Exit codes of a training process that may not, or could not, write to the database (EX_TEMPFAIL of sysexits.h)."""
RANK_LOST = 76
"""Exit code of a training of several processes of which one was ended (EX_PROTOCOL of sysexits.h)."""
ENDED_ALONE = 79
"""Exit code of the first of several processes where it recorded the run's end and the others do not know of it."""
AT_ONCE: tuple[Cause, ...] = ("code", "data")
"""Another attempt would end the same way."""


@dataclass(frozen=True)
class Ending:
    """Failure of a training process; `text` is one line."""

    cause: Cause
    text: str

    @property
    def is_final(self) -> bool:
        return self.cause in AT_ONCE


def ending_of(code: int, *, was_told: bool, out_of_memory: bool, last_words: str) -> Ending | None:
    """Return the failure behind an exit code (negative: the signal's number); None for success.

    `was_told`: the worker had asked the process to stop. `out_of_memory`: the kernel has killed for memory
    meanwhile. `last_words`: the last line of the log."""
    killed = code < 0 or code == RANK_LOST
    if code == LEASE_LOST or (killed and was_told):
        return None
    if code == STORE_UNUSABLE:
        return Ending("database", f"the training process could not use the run table: {last_words}")
    if code == OTHER_VERSION:
        return Ending(
            "code", "the worker is of another version of resnet-tui than its training process: restart it"
        )
    if code == LOG_UNWRITABLE:
        return Ending(
            "disk", f"the training process could not open its log; the last line in it: {last_words}"
        )
    if code in (-signal.SIGKILL, RANK_LOST) and out_of_memory:
        return Ending("out_of_memory", "the kernel killed the training process: the host's memory was full")
    if code == RANK_LOST:
        return Ending("signal", last_words)
    if code < 0:
        return Ending("signal", f"the training process was ended by {_signal_name(-code)}")
    if code > 0:
        return Ending("code", f"the training process left with code {code}: {last_words}")
    return Ending("code", f"the training process left without recording its end: {last_words}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
