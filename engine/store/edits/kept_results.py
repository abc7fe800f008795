"""What was kept of runs besides the run table: scores of the best and the last epoch, and the data's class counts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.files.paths import Home
from engine.spec.grid import SpecError, load_spec
from engine.store import listing
from engine.store.database import Store
from engine.store.run_environment import RunEnvironment
from engine.store.tables import Run

if TYPE_CHECKING:
    from engine.files.epoch_predictions import Scored


@dataclass(frozen=True)
class Kept:
    """Files of a run, as far as they are there."""

    scored: Mapping[int, "Scored"] = field(default_factory=dict)
    """Images of the best and of the last epoch, by epoch."""
    train_counts: tuple[int, ...] | None = None
    """Train images of each class; None where the data cannot be read or are others now."""


def read_kept(store: Store, home: Home, run_ids: Collection[int], *, scores: bool) -> dict[int, Kept]:
    """Read what was kept of runs that have begun; the scores only where they are wanted. Raises QueueError.

    It takes no lock: reading a large data set takes seconds."""
    with store.read() as session:
        runs = [listing.get_run(session, run_id) for run_id in run_ids]
    counts: dict[str, tuple[int, ...] | None] = {}
    found: dict[int, Kept] = {}
    for run in runs:
        assert run.id is not None
        if not run.class_names or run.status == "running":
            found[run.id] = Kept()
            continue
        key = f"{run.spec} {run.class_names}"
        if key not in counts:
            counts[key] = _train_counts(home, run)
        found[run.id] = Kept(_scored(home, run) if scores else {}, counts[key])
    return found


def _scored(home: Home, run: Run) -> dict[int, "Scored"]:
    from engine.files.epoch_predictions import read_scored

    paths = home.run(run.id or 0)
    found: dict[int, Scored] = {}
    for epoch, last in ((run.epoch, True), (run.best_epoch, False)):
        scored = None if epoch is None else read_scored(paths, run.class_names, epoch, last=last)
        if epoch is not None and scored is not None:
            found[epoch] = scored
    return found


def _train_counts(home: Home, run: Run) -> tuple[int, ...] | None:
    from engine.datasets.layouts import DataError
    from engine.datasets.source import index_data

    try:
        index = index_data(home, load_spec(run.spec)).with_classes(run.class_names)
    except (DataError, SpecError, OSError):
        return None
    known = RunEnvironment(run.environment).data_fingerprint
    if (known and index.fingerprint != known) or list(index.class_names) != run.class_names:
        return None
    return tuple(index.counts("train"))
