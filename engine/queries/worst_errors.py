"""Errors of a run of which it is most sure, for a report."""

from dataclasses import dataclass

from engine.files.epoch_predictions import NoPredictions, read_predictions
from engine.files.paths import Home
from engine.recipes.losses import LOSSES
from engine.spec.run_spec import RunSpec


@dataclass(frozen=True)
class WrongImage:
    """Test image that was predicted wrongly."""

    image: str
    """Name in the index."""
    label: int
    predicted: int
    score: float
    """Probability of the predicted class, or the grade."""


def worst_errors(
    home: Home, run_id: int, spec: RunSpec, class_names: tuple[str, ...], epoch: int, count: int
) -> list[WrongImage]:
    """Return the wrong predictions of an epoch with the highest scores; those of grades by their distance to the label.

    None of them where the predictions were not kept."""
    import numpy as np

    try:
        known = read_predictions(home.run(run_id), class_names)
    except NoPredictions:
        return []
    if not known.is_known(epoch):
        return []
    predicted = known.answers[epoch].astype(np.int64)
    scores = np.nan_to_num(known.scores[epoch].astype(np.float64), nan=-np.inf)
    worst = np.abs(scores - known.labels) if LOSSES[spec.loss].gives_grade else scores
    wrong = np.flatnonzero(predicted != known.labels)
    order = wrong[np.argsort(-worst[wrong], kind="stable")][:count]
    return [
        WrongImage(known.names[row], int(known.labels[row]), int(predicted[row]), float(scores[row]))
        for row in map(int, order)
    ]
