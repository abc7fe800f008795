"""Results of runs besides the run table: their predictions, scores, and the class counts of their data."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.datasets.read_options import READ_FIELDS
from engine.files.paths import Home
from engine.spec.grid import SpecError, load_spec
from engine.store import listing
from engine.store.database import Store
from engine.store.run_environment import RunEnvironment
from engine.store.tables import Run

if TYPE_CHECKING:
    from engine.analysis.findings.case import Predictions
    from engine.datasets.index import Index
    from engine.files.epoch_predictions import Scored


@dataclass(frozen=True)
class Kept:
    """Files of a run, as far as they are there."""

    scored: Mapping[int, "Scored"] = field(default_factory=dict)
    """Images of the best and of the last epoch, by epoch."""
    train_counts: tuple[int, ...] | None = None
    """Train images of each class; None where the data cannot be read or are others now."""
    predictions: "Predictions | None" = None
    """Predictions of each epoch; None where the files or the data cannot be read."""


def read_kept(store: Store, home: Home, run_ids: Collection[int], *, scores: bool) -> dict[int, Kept]:
    """Read what was kept of runs that have begun; the scores only where they are wanted. Raises QueueError.

    It takes no lock: reading a large data set takes seconds. Each data set is read once."""
    with store.read() as session:
        runs = [listing.get_run(session, run_id) for run_id in run_ids]
    indices: dict[tuple[Any, ...], Index | None] = {}
    found: dict[int, Kept] = {}
    for run in runs:
        kept = Kept()
        if run.class_names and run.status != "running":
            index = _index(home, run, indices) if run.verdict is not None else None
            data = _same_data(run, index)
            counts = tuple(data.counts("train")) if data is not None else None
            kept = Kept(_scored(home, run) if scores else {}, counts, _predictions(home, run, data))
        found[run.id or 0] = kept
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


def _index(home: Home, run: Run, known: "dict[tuple[Any, ...], Index | None]") -> "Index | None":
    """Index the data of a run, or take them from `known`; None where they cannot be read."""
    from engine.datasets.layouts import DataError
    from engine.datasets.source import index_data

    try:
        spec = load_spec(run.spec)
        key = tuple(getattr(spec, name) for name in READ_FIELDS)
        if key not in known:
            known[key] = None
            known[key] = index_data(home, spec)
        return known[key]
    except (DataError, SpecError, OSError):
        return None


def _same_data(run: Run, index: "Index | None") -> "Index | None":
    """Return the data with the run's classes; None where they are others now."""
    if index is None:
        return None
    numbered = index.with_classes(run.class_names)
    known = RunEnvironment(run.environment).data_fingerprint
    if (known and index.fingerprint != known) or list(numbered.class_names) != run.class_names:
        return None
    return numbered


def _predictions(home: Home, run: Run, data: "Index | None") -> "Predictions | None":
    import numpy as np

    from engine.analysis.findings.case import Predictions
    from engine.files.epoch_predictions import read_answers

    answers = read_answers(home.run(run.id or 0)) if data is not None else None
    if data is None or answers is None:
        return None
    rows = data.rows_of("test")
    if answers.shape[1] != len(rows):
        return None
    labels = np.array([data.labels[row] for row in rows], dtype=np.int64)
    return Predictions(answers, labels, tuple(data.groups[row] for row in rows) if data.groups else None)
