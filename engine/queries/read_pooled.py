"""Pool the out-of-fold predictions of a cross-validation: each image predicted by the run that did not train on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.analysis.groups import Group, Member, Moment
from engine.files.epoch_predictions import NoPredictions, read_predictions
from engine.files.paths import Home
from engine.queries.image_groups import GroupReader
from engine.spec.grid import load_spec
from engine.store import listing
from engine.store.database import Store
from engine.store.tables import Run


class NotPooled(ValueError):
    """Error for predictions that cannot be pooled, in one line with the reason."""


@dataclass(frozen=True)
class Pooled:
    """Predictions of all images by one repetition of a cross-validation."""

    run_ids: tuple[int, ...]
    """By fold."""
    moment: Moment
    class_names: tuple[str, ...]
    confusion: list[list[int]]
    """Counts over all folds, row = true class, column = predicted class."""
    accuracy: float
    low: float
    """Ends of the accuracy's 95 % interval, which counts groups where images come in groups."""
    high: float
    images: int
    groups: int
    rule: str
    """Rule of the groups; empty where each image is its own."""


def read_pooled(store: Store, home: Home, group: Group, moment: Moment = "best") -> list[Pooled]:
    """Pool each repetition of a cross-validation that has all its folds, by seed and split seed.

    Raises NotPooled where the group is none, no repetition is complete, or predictions are missing."""
    if not group.folds:
        raise NotPooled("the group is no cross-validation")
    if not group.whole:
        most: Mapping[int, Member] = max(group.repetitions, key=len, default={})
        lacking = ", ".join(str(fold) for fold in range(1, group.folds + 1) if fold not in most)
        raise NotPooled(f"folds {lacking} of {group.folds} are not done")
    reader = GroupReader(home)
    return [_pool(store, home, reader, folds, moment) for folds in group.whole]


def _pool(
    store: Store, home: Home, reader: GroupReader, folds: Mapping[int, Member], moment: Moment
) -> Pooled:
    import numpy as np

    from engine.analysis.comparison.share_interval import share_interval

    with store.read() as session:
        runs = [listing.get_run(session, folds[fold].run_id) for fold in sorted(folds)]
    if len({tuple(run.class_names) for run in runs}) > 1:
        raise NotPooled("the folds have different classes")
    names: list[str] = []
    parts: list[tuple[Any, Any]] = []
    for run in runs:
        found_names, labels, predicted = _predictions(home, run, moment)
        names += found_names
        parts.append((labels, predicted))
    if len(set(names)) < len(names):
        raise NotPooled("an image is in several folds: the data changed between the runs")
    truth, said = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    size = len(runs[0].class_names)
    confusion = np.bincount(truth * size + said, minlength=size * size).reshape(size, size)
    of = reader.groups_of(load_spec(runs[0].spec), names)
    found = share_interval(truth == said, of.each(names))
    return Pooled(
        tuple(run.id or 0 for run in runs),
        moment,
        tuple(runs[0].class_names),
        confusion.tolist(),
        found.share,
        found.low,
        found.high,
        found.images,
        found.groups,
        of.rule if found.by_groups else "",
    )


def _predictions(home: Home, run: Run, moment: Moment) -> tuple[tuple[str, ...], Any, Any]:
    """Return names, labels and predicted classes of a run's test images. Raises NotPooled."""
    epoch = run.best_epoch if moment == "best" else run.epoch
    try:
        found = read_predictions(home.run(run.id or 0), run.class_names)
    except NoPredictions as missing:
        raise NotPooled(f"run {run.id}: {missing}") from None
    if epoch is None or not found.is_known(epoch):
        raise NotPooled(f"run {run.id}: the predictions of its {moment} epoch were not kept")
    return found.names, found.labels, found.answers[epoch].astype("int64")
