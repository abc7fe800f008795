"""What a running run does before its first step: a state for programs, in front of a line for people."""

from enum import StrEnum


class Activity(StrEnum):
    """A state before the first step."""

    PREPARING = "preparing"
    """Reading the data's index, loading weights: seconds."""
    PACKING = "packing"
    """Decoding images into the cache, or waiting for a run that does: minutes to hours."""


def doing_text(activity: Activity, line: str) -> str:
    """The text of the column `run.doing`, such as `packing: 3 of 9 images packed`."""
    return f"{activity}: {line}"


def activity_of(doing: str) -> Activity | None:
    """The state that the text of the column begins with; None where the run is not before its first step."""
    if not doing:
        return None
    state, _, _ = doing.partition(": ")
    return Activity(state) if state in set(Activity) else Activity.PREPARING
