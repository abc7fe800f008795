"""Time and peak memory of an act, in a forked process of its own."""

import contextlib
import ctypes
import gc
import os
import pickle
import re
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.growth.act import Call

LEAST_CALLS, MOST_CALLS = 3, 7
LONG_S = 1.0
"""A first call that takes longer is counted; a shorter one only warms up."""
SPENT_S = 0.4
"""Seconds after which no further call is made."""


@dataclass(frozen=True)
class Cost:
    """Cost of one act at one size."""

    seconds: tuple[float, ...]
    """Processor time of each call, which other work on the machine changes least."""
    memory_mb: float
    """Peak beyond what the process held before the first call."""


class ActFailed(RuntimeError):
    """Error for an act that raised, with its traceback."""


def cost_of(prepare: Callable[[], Call]) -> Cost:
    """Prepare an act and call it some times. Raises ActFailed."""
    found: Cost = in_child(lambda: _measured(prepare()))
    return found


def in_child(call: Callable[[], Any]) -> Any:
    """Call in a forked process, whose standard output goes nowhere, and return what it returned. Raises ActFailed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "wb") as answer, contextlib.suppress(BaseException):
            pickle.dump(_answer(call), answer)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        content = answer.read()
    os.waitpid(child, 0)
    result, why = pickle.loads(content) if content else (None, "its process was killed")
    if why:
        raise ActFailed(why)
    return result


def _answer(call: Call) -> tuple[object, str]:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    try:
        return call(), ""
    except BaseException:
        return None, traceback.format_exc()


def _measured(act: Call) -> Cost:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _status_mb("VmRSS")
    first = _timed(act)
    memory = max(_status_mb("VmHWM") - before, 0.0)
    seconds = [first] if first > LONG_S else []
    while len(seconds) < LEAST_CALLS or (len(seconds) < MOST_CALLS and sum(seconds) < SPENT_S):
        seconds.append(_timed(act))
    return Cost(tuple(seconds), memory)


def _timed(act: Call) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def _status_mb(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
