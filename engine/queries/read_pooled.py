"""Pool the out-of-fold predictions of a cross-validation: each image predicted by the run that did not train on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from engine.analysis.groups import Group, Member, Moment
from engine.analysis.pooled import Pooled, PooledFolds
from engine.datasets.layouts import DataError
from engine.files.epoch_predictions import NoPredictions, read_predictions
from engine.files.paths import Home
from engine.queries.best_epochs import best_epoch_of, test_accuracy_of
from engine.queries.image_groups import GroupReader
from engine.spec.grid import load_spec
from engine.spec.run_spec import RunSpec
from engine.store import listing
from engine.store.database import Store
from engine.store.tables import Run


class NotPooled(ValueError):
    """Error for predictions that cannot be pooled, in one line with the reason."""


class FoldPredictions(NamedTuple):
    """Predicted classes of the test images of one fold's run, int64 of shape (images,) like the labels."""

    run_id: int
    class_names: tuple[str, ...]
    names: tuple[str, ...]
    labels: Any
    predicted: Any


def read_pooled(store: Store, home: Home, group: Group, moment: Moment = "best") -> PooledFolds:
    """Pool each repetition of a cross-validation that has all its folds, by seed and split seed.

    Raises NotPooled where the group is none, and where no repetition is complete and has all its predictions."""

    def fold_of(run_id: int) -> FoldPredictions:
        with store.read() as session:
            run = listing.get_run(session, run_id)
            epoch = best_epoch_of(session, run)[0] if moment == "best" else run.epoch
            accuracy = test_accuracy_of(session, run, epoch)
        return _predictions(home, run, epoch, accuracy)

    with store.read() as session:
        spec = load_spec(listing.get_run(session, group.run_ids[0]).spec)
    return pool_each(group, fold_of, spec, GroupReader(home), moment)


def pool_each(
    group: Group,
    fold_of: Callable[[int], FoldPredictions],
    spec: RunSpec,
    reader: GroupReader,
    moment: Moment,
) -> PooledFolds:
    """Pool the complete repetitions whose predictions `fold_of` reads, and say why others are left out.

    Raises NotPooled where none can be pooled; `fold_of` raises it for a run without predictions."""
    pooled, left_out = [], []
    for run_ids in repetitions(group):
        try:
            pooled.append(pool([fold_of(run_id) for run_id in run_ids], spec, reader, moment))
        except (NotPooled, DataError) as reason:
            left_out.append(f"{', '.join(f'#{run_id}' for run_id in run_ids)}: {reason}")
    if not pooled:
        raise NotPooled("; ".join(left_out))
    return PooledFolds(tuple(pooled), tuple(left_out))


def repetitions(group: Group) -> list[tuple[int, ...]]:
    """Return the runs of each complete repetition of a cross-validation, by fold. Raises NotPooled."""
    if not group.folds:
        raise NotPooled("the group is no cross-validation")
    if not group.whole:
        most: Mapping[int, Member] = max(group.repetitions, key=len, default={})
        lacking = ", ".join(str(fold) for fold in range(1, group.folds + 1) if fold not in most)
        raise NotPooled(f"folds {lacking} of {group.folds} are not done")
    return [tuple(folds[fold].run_id for fold in sorted(folds)) for folds in group.whole]


def pool(folds: Sequence[FoldPredictions], spec: RunSpec, reader: GroupReader, moment: Moment) -> Pooled:
    """Pool the folds of one repetition. Raises NotPooled where they do not fit together."""
    import numpy as np

    from engine.analysis.comparison.share_interval import share_interval

    if len({fold.class_names for fold in folds}) > 1:
        raise NotPooled("the folds have different classes")
    names = [name for fold in folds for name in fold.names]
    if len(set(names)) < len(names):
        raise NotPooled("an image is in several folds: the data changed between the runs")
    truth, said = (np.concatenate([fold[side] for fold in folds]).astype("int64") for side in (3, 4))
    size = len(folds[0].class_names)
    confusion = np.bincount(truth * size + said, minlength=size * size).reshape(size, size)
    of = reader.groups_of(spec, names)
    found = share_interval(truth == said, of.each(names))
    return Pooled(
        tuple(fold.run_id for fold in folds),
        moment,
        folds[0].class_names,
        confusion.tolist(),
        found.share,
        found.low,
        found.high,
        found.images,
        found.groups,
        of.rule if found.by_groups else "",
    )


def _predictions(home: Home, run: Run, epoch: int | None, accuracy: float | None) -> FoldPredictions:
    """Return the predictions of an epoch, in which this test accuracy was measured. Raises NotPooled."""
    run_id = run.id or 0
    try:
        found = read_predictions(home.run(run_id), run.class_names)
    except NoPredictions as missing:
        raise NotPooled(f"run {run_id}: {missing}") from None
    if epoch is None:
        raise NotPooled(f"run {run_id} has measured no epoch")
    if problem := found.problem(epoch, accuracy):
        raise NotPooled(f"run {run_id}: {problem}")
    return FoldPredictions(run_id, tuple(run.class_names), found.names, found.labels, found.answers[epoch])
