"""The run's log: the worker sends this process's output there."""

import contextlib
import time

from engine.text import plain


def log(text: str) -> None:
    """A line with the time.

    On a full disk it waits in memory for the next line: what fails the run are the files that it needs."""
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {plain(text)}", flush=True)
