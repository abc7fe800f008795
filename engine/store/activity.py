"""Activity of a running run before its first step: a state for programs, followed by a line for people."""

from enum import StrEnum


class Activity(StrEnum):
    """State of a run before its first step."""

    PREPARING = "preparing"
    """Reading the data's index, loading weights: seconds."""
    PACKING = "packing"
    """Decoding images into the cache, or waiting for a run that does: minutes to hours."""


def doing_text(activity: Activity, line: str) -> str:
    """Return the text of the column `run.doing`, such as `packing: 3 of 9 images packed`."""
    return f"{activity}: {line}"


def activity_of(doing: str) -> Activity | None:
    """Return the state at the beginning of the column's text; None from the first step on."""
    if not doing:
        return None
    state, _, _ = doing.partition(": ")
    return Activity(state) if state in set(Activity) else Activity.PREPARING
