"""Wait for a condition instead of sleeping for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LIMIT_S = 240.0
"""Most seconds that a test waits: what has not come by then on the busiest machine never comes."""


def until(
    condition: Callable[[], T | None],
    *,
    timeout_s: float = LIMIT_S,
    what: str = "condition",
    seen: Callable[[], str] = str,
) -> T:
    """Poll until `condition` gives something true, and give it. AssertionError with `seen` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}\n{seen()}"
        time.sleep(0.02)
