"""Conditions of commands on the runs that they act on, and the words where a run is not so. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.store.run_numbers import numbered
from engine.store.status import ENDED
from tui.run_row import RunRow

NO_RUN = "there is no run to act on: n queues the first"
MOST_NAMED = 40
"""Characters of the runs' numbers in a reason."""


@dataclass(frozen=True)
class Need:
    """Condition on a run, with the words for runs that are not so."""

    fits: Callable[[RunRow], bool]
    why: str
    """State of the others, as in `run 7: ended already`."""
    done: str = ""
    """Participle of the command, as in `run 7 cannot be cancelled`."""


def is_active(row: RunRow) -> bool:
    return row.status not in ENDED


def _waits(row: RunRow) -> bool:
    return row.status in ("queued", "paused")


def _has_weights(row: RunRow) -> bool:
    return bool(row.epoch) or row.status == "done"


NEEDS: Mapping[str, Need] = {
    "cancel_run": Need(is_active, "ended already", "cancelled"),
    "pause": Need(is_active, "ended already", "paused"),
    "retry": Need(
        lambda row: row.status in ("failed", "cancelled"), "neither failed nor cancelled", "retried"
    ),
    "move_up": Need(_waits, "not waiting in the queue", "moved"),
    "move_down": Need(_waits, "not waiting in the queue", "moved"),
    "remove": Need(lambda row: row.status != "running", "still running: cancel first", "removed"),
    "extend": Need(lambda row: row.status == "done", "not done: only a run that is done goes on"),
    "export": Need(_has_weights, "no epoch completed yet, so no weights"),
    "predict": Need(_has_weights, "no epoch completed yet, so no weights"),
    "report": Need(lambda row: bool(row.epoch or row.sweep), "no epoch completed yet", "reported"),
}
"""By the command's id."""
ANY_RUN = ("open_run", "fix", "clone_run", "note", "tag", "copy_command", "copy_path", "copy_id")
"""Commands that any run fits."""


def lacking(command_id: str, rows: Sequence[RunRow]) -> str:
    """Say why a command can act on none of the chosen runs; empty where it can, or where it acts on none."""
    need = NEEDS.get(command_id)
    if need is None and command_id not in ANY_RUN:
        return ""
    if not rows:
        return NO_RUN
    if need is None or any(map(need.fits, rows)):
        return ""
    which = numbered(row.id for row in rows)
    return f"{which if len(which) <= MOST_NAMED else f'{len(rows)} runs'}: {need.why}"
