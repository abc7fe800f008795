"""Peaks of runs' memory: written while they train, read as what runs of their kind take on such a card."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, func, select
from sqlmodel import Session

from engine.store.schema import run_table


class Peak(NamedTuple):
    """Peak of a training's memory in GiB, and the card that it is of: see `Run.memory_place`."""

    gb: float
    place: str = ""


def peak_columns(peak: Peak | None) -> dict[str, Any]:
    """Return a run's columns of its peak memory, on one card the largest of all its attempts; empty for None."""
    if peak is None:
        return {}
    before, place = run_table.c.peak_memory_gb, run_table.c.memory_place
    is_larger = (place == peak.place) & (place != "") & (before > peak.gb)
    return {"peak_memory_gb": case((is_larger, before), else_=peak.gb), "memory_place": peak.place}


def kind_peaks(session: Session, place: str, keys: Collection[str]) -> dict[str, float]:
    """Return the largest peak in GiB of the runs of each memory key that trained on such a card, where there is one.

    One statement a key: each then reads one entry of the index, however many runs have that key."""
    run = run_table.c
    largest = select(func.max(run.peak_memory_gb)).where(
        run.memory_key == bindparam("key"), run.memory_place == bindparam("place")
    )
    peaks = {
        key: session.execute(largest, {"key": key, "place": place}).scalar() for key in set(keys) if place
    }
    return {key: peak_gb for key, peak_gb in peaks.items() if peak_gb is not None}
