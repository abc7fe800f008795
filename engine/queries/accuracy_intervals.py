"""95 % intervals of a run's test accuracies, by groups of images where there are groups."""

from collections.abc import Mapping
from typing import Any

from engine.datasets.layouts import DataError
from engine.files.paths import Home
from engine.queries.image_groups import GroupReader
from engine.spec.grid import load_spec
from engine.store.tables import Run


def accuracy_intervals(
    home: Home, run: Run, accuracies: Mapping[int, tuple[float, int]], reader: GroupReader | None = None
) -> dict[int, dict[str, Any]]:
    """Return the interval of each epoch's test accuracy, given with its number of test images.

    `groups` is null where each image counts for itself; `by` says why or by which rule. Where the predictions of an
    epoch were not kept or are not its own, or the groups cannot be read, the images are taken as independent, and `by`
    says so."""
    from engine.analysis.comparison.share_interval import share_interval
    from engine.files.epoch_predictions import NoPredictions, read_predictions

    found = {epoch: _of_independent(*each) for epoch, each in accuracies.items()}
    try:
        predictions = read_predictions(home.run(run.id or 0), run.class_names)
        problems = {epoch: predictions.problem(epoch, accuracies[epoch][0]) for epoch in found}
        known = [epoch for epoch, problem in problems.items() if not problem]
        groups = (
            (reader or GroupReader(home)).groups_of(load_spec(run.spec, run.id), predictions.names)
            if known
            else None
        )
    except NoPredictions:
        return found
    except DataError as error:
        return {
            epoch: {**each, "by": f"images taken as independent: {error}"} for epoch, each in found.items()
        }
    for epoch, problem in problems.items():
        if problem:
            found[epoch]["by"] = f"images taken as independent: {problem}"
            continue
        assert groups is not None
        correct = predictions.answers[epoch] == predictions.labels
        if len(correct) != found[epoch]["images"]:
            continue
        share = share_interval(correct, groups.each(predictions.names))
        by = groups.rule if share.by_groups else "each image for itself"
        counted = share.groups if share.by_groups else None
        found[epoch] |= {"low": share.low, "high": share.high, "groups": counted, "by": by}
    return found


def _of_independent(accuracy: float, images: int) -> dict[str, Any]:
    """Return the interval of an accuracy whose images are taken as independent."""
    from engine.analysis.interval import wilson_interval

    low, high = wilson_interval(accuracy, images)
    by = "images taken as independent: the predictions of this epoch were not kept"
    return {"low": low, "high": high, "images": images, "groups": None, "by": by}
