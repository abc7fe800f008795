"""Log of the run; standard output of this process is redirected to it."""

import contextlib
import time

from engine.text import plain


def log(text: str) -> None:
    """Write a line with the time.

    On a full disk the line stays in memory until the next one; the log alone does not fail the run."""
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {plain(text)}", flush=True)
