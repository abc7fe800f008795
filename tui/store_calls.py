"""Single calls of a screen to the store, made in a thread with a store that is lent for the call.

The first call imports the store, which takes longer than everything that the first frame needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from engine.files.paths import Home
from tui.formatting import plain
from tui.lent_stores import borrowed_store

if TYPE_CHECKING:
    from engine.spec.run_spec import RunSpec
    from engine.store.database import Store

T = TypeVar("T")


class Refused(Exception):
    """Call that the store, the queue or a spec refused; one line for the user."""


@dataclass(frozen=True)
class Stored:
    """Settings of a run as they are stored."""

    spec: RunSpec
    name: str
    change: Mapping[str, Any]
    """Settings that the findings suggest to change; empty where they suggest none."""
    sweep: str
    """Empty for a run outside of sweeps."""


def with_store(home: Home, call: Callable[[Store], T]) -> T:
    """Make one call to the store and return its result. Raises Refused."""
    from engine.spec.grid import SpecError
    from engine.store.errors import QueueError, StoreError

    try:
        with borrowed_store(home.database) as store:
            return call(store)
    except (QueueError, StoreError, SpecError) as error:
        raise Refused(plain(error)) from error


def stored_runs(home: Home, run_ids: Sequence[int]) -> list[Stored]:
    """Read runs, in the order of `run_ids`. Raises Refused."""
    from engine.queries.judged import suggested_change
    from engine.spec.grid import load_spec
    from engine.store.listing import get_run

    def read(store: Store) -> list[Stored]:
        with store.read() as session:
            runs = [get_run(session, run_id) for run_id in run_ids]
            return [
                Stored(load_spec(run.spec), run.name, suggested_change(session, run), run.sweep or "")
                for run in runs
            ]

    return with_store(home, read)
