"""Kinds of events that a user may want to be told of."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.alerts.errors import AlertError
from engine.text import plain

ALL = "all"


@dataclass(frozen=True)
class AlertKind:
    """Kind of event. Documented in docs/alerts.md."""

    kind: str
    """Name for `--notify-on`."""
    counted: str
    """Words for several of them in a title, after their number."""
    says: str
    """Event, in words."""
    by_default: bool = True
    is_grave: bool = False
    """Somebody must look: a message names the runs."""


KINDS: tuple[AlertKind, ...] = (
    AlertKind("failed", "failed", "a run has failed", is_grave=True),
    AlertKind("finding", "with errors", "a finding of severity error about a run in training", is_grave=True),
    AlertKind(
        "stalled", "stalled", "a run in training takes no step for many times the usual", is_grave=True
    ),
    AlertKind("empty", "finished", "no run is left: of the queue, or of the sweep"),
    AlertKind("done", "done", "a run is done"),
    AlertKind("best", "new best", "a run that is done is the new best of its sweep", by_default=False),
)
"""From the gravest on: the order in a message about several events."""
NAMES = tuple(each.kind for each in KINDS)
DEFAULT = tuple(each.kind for each in KINDS if each.by_default)


def parse_kinds(given: Iterable[str]) -> tuple[str, ...]:
    """Read kinds divided by commas; nothing means the usual ones, `all` every one. Raises AlertError."""
    words = [word for text in given for part in text.split(",") if (word := part.strip())]
    for word in words:
        if word not in (*NAMES, ALL):
            raise AlertError(
                f"{plain(word)!r} is no event to be told of: choose from {', '.join(NAMES)}, or {ALL}"
            )
    if ALL in words:
        return NAMES
    return tuple(name for name in NAMES if name in words) or DEFAULT
