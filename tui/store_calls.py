"""What a screen asks of the store once, in a thread of its own: opened for it, and closed again.

The store is loaded with the first errand: its libraries take longer to load than all that the first frame needs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from engine.files.paths import Home
from tui.formatting import plain

if TYPE_CHECKING:
    from engine.spec.run_spec import RunSpec
    from engine.store.database import Store

T = TypeVar("T")


class Refused(Exception):
    """Why it was not done, as one line for the user."""


@dataclass(frozen=True)
class Stored:
    """What a run was asked to do."""

    spec: RunSpec
    name: str
    change: Mapping[str, Any]
    """What its verdict suggests to change of the spec; empty where it suggests nothing."""


def with_store(home: Home, errand: Callable[[Store], T]) -> T:
    """What `errand` gives. Raises Refused where the store, the queue or a spec says no."""
    from engine.spec.grid import SpecError
    from engine.store.database import open_store
    from engine.store.errors import QueueError, StoreError

    try:
        with contextlib.closing(open_store(home.database, create=False)) as store:
            return errand(store)
    except (QueueError, StoreError, SpecError) as error:
        raise Refused(plain(error)) from error


def stored_runs(home: Home, run_ids: Sequence[int]) -> list[Stored]:
    """In the order of `run_ids`. Raises Refused."""
    from engine.spec.grid import load_spec
    from engine.store.listing import get_run

    def read(store: Store) -> list[Stored]:
        with store.read() as session:
            runs = [get_run(session, run_id) for run_id in run_ids]
            return [Stored(load_spec(run.spec), run.name, run.verdict_change or {}) for run in runs]

    return with_store(home, read)
