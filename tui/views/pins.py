"""Pinned run that others are looked at beside. Pure."""

from collections.abc import Callable, Sequence


def pinned_beside(pins: Sequence[int], shown: int | None, is_there: Callable[[int], bool]) -> int | None:
    """Return the run that was pinned last, but for the one that is `shown` and those that were removed."""
    return next((each for each in reversed(pins) if each != shown and is_there(each)), None)
