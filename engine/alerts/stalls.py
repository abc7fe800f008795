"""Stalls of the runs that a worker trains, as events."""

import time

from sqlalchemy import select
from sqlmodel import Session

from engine.alerts.events import facts_of
from engine.alerts.stall import StallWatch
from engine.alerts.texts import place_of, stalled_text
from engine.store.alert_tables import AlertChannel
from engine.store.alerts import Event
from engine.store.attempt_times import read_time_line
from engine.store.schema import IS_RUNNING, run_table
from engine.store.utc import utc_now
from engine.time_line import Phase

BETWEEN_STEPS = (
    Phase.EPOCH_0, Phase.EVALUATION, Phase.CHECKPOINTS, Phase.BEST_WEIGHTS, Phase.PREDICTIONS, Phase.TABLE,
)  # fmt: skip
"""Phases that a run goes through between the last step of an epoch and the next one's first."""


class Stalls:
    """Watch of the runs of one worker: the one that trains a run has seen its usual pauses."""

    def __init__(self, worker_id: int, watch: StallWatch | None = None) -> None:
        self._worker_id, self._watch = worker_id, watch or StallWatch()

    def look(self, session: Session) -> tuple[Event, str, str] | None:
        """Return the stall of the run in training as an event, with the run's user and sweep; None where it goes on."""
        table = run_table.c
        names = ("id", "attempt", "epoch", "step", "user_name", "sweep")
        mine = select(*(table[name] for name in names)).where(IS_RUNNING, table.worker_id == self._worker_id)
        run, now_s = session.execute(mine).first(), time.monotonic()
        if run is None:
            return None
        of, progress = (run.id, run.attempt), (run.epoch, run.step)
        if not self._watch.watches(of):
            self._watch.begin(of, progress, now_s)
        stall = self._watch.look(progress, now_s, lambda: _pause_between_epochs_s(session, run.id, run.epoch))
        if stall is None:
            return None
        facts = facts_of(session, [run.id])[run.id]
        text = stalled_text(facts, _in_words(stall.quiet_s), stall.times, _in_words(stall.usual_s), run.step)
        place = place_of(facts.host, run.sweep)
        key = f"stalled:{run.id}:{run.attempt}:{run.epoch}.{run.step}"
        return Event(key, "stalled", run.id, utc_now(), place, *text), run.user_name, run.sweep


def concerns(channel: AlertChannel, user: str, sweep: str) -> bool:
    """Return True where a channel is told of the runs of a user and a sweep."""
    return ("" in (user, channel.user_name) or user == channel.user_name) and channel.sweep in ("", sweep)


def _pause_between_epochs_s(session: Session, run_id: int, epochs: int) -> float:
    """Return the mean seconds of what a run has done between its epochs, and before the first; 0 where it is not
    known."""
    line = read_time_line(session, run_id)
    if line is None:
        return 0.0
    return sum(each.seconds for each in line.phases if each.phase in BETWEEN_STEPS) / (epochs + 1)


def _in_words(seconds: float) -> str:
    """Format a pause: `42 min`, `3.5 s`."""
    return (
        f"{seconds / 60:.0f} min"
        if seconds >= 600
        else f"{seconds / 60:.1f} min"
        if seconds >= 60
        else f"{seconds:.1f} s"
    )
