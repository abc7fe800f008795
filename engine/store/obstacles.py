"""Runs that others wait for and that will not go on by themselves. Pure."""

from collections.abc import Collection
from typing import NamedTuple

from engine.store.status import ENDED, Status


class Obstacle(NamedTuple):
    """Run that others wait for and that will not start by itself, and its status."""

    run_id: int
    status: Status


def stuck(
    waits: dict[int, dict[int, Status]], dead_too: Collection[int] = (), *, at: Collection[Status] = ENDED
) -> dict[int, Obstacle]:
    """Map the runs that wait, directly or through others, for a run with a status of `at` or one of `dead_too` to it.

    By default: those that wait for a run that failed or was cancelled, for they do not wait for one that is done. Each
    run is looked at once, after those that it waits for."""
    dead: dict[int, Obstacle] = {}
    seen: set[int] = set()
    ahead = [(run_id, False) for run_id in reversed(waits)]
    while ahead:
        run_id, has_its_targets = ahead.pop()
        if not has_its_targets:
            if run_id not in seen:
                seen.add(run_id)
                unseen = [
                    (target, False) for target in waits[run_id] if target in waits and target not in seen
                ]
                ahead += [(run_id, True), *unseen]
            continue
        for target, status in waits[run_id].items():
            if status in at or target in dead or target in dead_too:
                dead[run_id] = dead.get(target, Obstacle(target, status))
                break
    return dead


def held_up(waits: dict[int, dict[int, Status]]) -> dict[int, Obstacle]:
    """Return the waiting runs that start only after a user retries or resumes another run, and that other run."""
    paused: tuple[Status] = ("paused",)
    return stuck(waits, at=paused) | stuck(waits)
