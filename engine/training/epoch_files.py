"""Files that a run writes after an epoch: best weights, predictions, metrics.csv."""

from collections.abc import Mapping

from torch import Tensor

from engine.files.epoch_predictions import append_predictions
from engine.files.metrics_file import append_metrics
from engine.files.paths import Fence, RunPaths, write_atomic
from engine.models.weight_files import weights_pieces
from engine.time_line import Phase
from engine.training.artifacts import drop_predictions, settle_best, weights_about, write_predictions
from engine.training.context import RunContext
from engine.training.measure import Choice, EpochResult
from engine.training.prepared_data import PreparedData
from engine.training.step import Network


class EpochFiles:
    """Writer of a run's files after an epoch, each put in place under the recorder's fence."""

    def __init__(self, context: RunContext, data: PreparedData, net: Network, provenance: str) -> None:
        """`provenance` is the digest of the images that the weights were trained on."""
        self._context, self._paths, self._clock = context, context.paths, context.clock
        self._data, self._net, self._provenance = data, net, provenance
        self._has_said_lost = False

    def write_best(
        self, measured: EpochResult, best: Choice, weights: Mapping[str, Tensor], fence: Fence
    ) -> None:
        """Write weights and predictions of the best epoch, pending until a checkpoint contains it."""
        pending = self._paths.pending
        with self._clock.phase(Phase.BEST_WEIGHTS):
            origin = self._provenance, self._net.plugin_sha256
            about = weights_about(self._context, self._data.index, best, *origin)
            pending.folder.mkdir(exist_ok=True)
            self._write_predictions(pending, measured, fence, last=False)
            write_atomic(pending.best, weights_pieces(weights, about), fence=fence)

    def settle(self, best: Choice | None, fence: Fence) -> None:
        """Move the pending files to their places, once a checkpoint contains their epoch."""
        with self._clock.phase(Phase.BEST_WEIGHTS):
            settle_best(self._paths, best.epoch if best else None, fence)

    def append(self, measured: EpochResult, fence: Fence) -> str | None:
        """Append the epoch's answers and its line of metrics.csv.

        Return a line for the log where that file lacks epochs, the first time."""
        found = measured.evaluation
        with self._clock.phase(Phase.PREDICTIONS):
            append_predictions(self._paths, measured.epoch, found.predictions, found.scores, fence=fence)
            lost = append_metrics(self._paths, measured, fence=fence)
        if not lost or self._has_said_lost:
            return None
        self._has_said_lost = True
        return f"{self._paths.metrics.name} has no line of epochs {', '.join(map(str, lost))}"

    def write_last(self, measured: EpochResult, fence: Fence) -> None:
        """Write the predictions of the last epoch."""
        self._write_predictions(self._paths, measured, fence, last=True)

    def _write_predictions(self, paths: RunPaths, measured: EpochResult, fence: Fence, *, last: bool) -> None:
        index, data = self._data.index, self._data
        classes = list(index.class_names)
        with self._clock.phase(Phase.PREDICTIONS):
            for rows, found, val_epoch in (
                (data.val_rows, measured.val, measured.epoch),
                (data.test_rows, measured.evaluation, None),
            ):
                if found is None:
                    for place in {paths, self._paths}:  # the pending ones too: they would be settled
                        drop_predictions(place, last=last, fence=fence)
                    continue
                names = [index.names[row] for row in rows]
                labels = [classes[index.labels[row]] for row in rows]
                write_predictions(
                    paths, names, labels, found, classes, last=last, val_epoch=val_epoch, fence=fence
                )
