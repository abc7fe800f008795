"""Setup of an attempt: newest checkpoint, data, network, and the images that its weights were trained on."""

from dataclasses import dataclass
from typing import Any

from engine.datasets.formats.array_files import forget_array_images
from engine.datasets.layouts import DataError
from engine.datasets.provenance import Leak, TrainedOn, load_trained_on
from engine.models.plugin import PluginError
from engine.recipes.batch_parts import LAST_SHORT
from engine.training.checkpoint import load_checkpoint, partition_of
from engine.training.context import RunContext
from engine.training.leak_check import provenance
from engine.training.network import first_weights, make_network
from engine.training.prepared_data import PreparedData, prepare_data
from engine.training.step import Network


@dataclass(frozen=True)
class Setup:
    """Everything that a session needs before its first step."""

    data: PreparedData
    net: Network
    """Network with its initial weights; the session of a resumed run loads the checkpoint's afterwards."""
    checkpoint: dict[str, Any] | None
    trained_on: TrainedOn
    leak: Leak | None
    """Leak of a run that starts; None for a resumed run, which was checked at its start."""
    is_new_provenance: bool
    """True where `trained_on` has not been saved yet."""


def set_up(context: RunContext) -> Setup:
    """Load the checkpoint, or the initial weights; then prepare data and network.

    Raises DataError, WeightsError, PluginError, LeakError; Stopped where `should_stop` asks while images are packed."""
    spec, paths = context.spec, context.paths
    paths.folder.mkdir(parents=True, exist_ok=True)
    checkpoint = load_checkpoint(paths, spec.training_digest())
    resumes = checkpoint is not None
    if not resumes and (paths.last.exists() or paths.last_before.exists()):
        context.log("its checkpoints are torn and cannot be used: training from the start")
    # Load weights first, so that missing or unsuitable ones show before the images are packed.
    weights = None if resumes else first_weights(spec, context.home)
    partition = partition_of(checkpoint)
    if partition is LAST_SHORT:
        context.log("begun by an earlier version, whose short last batches it keeps; a clone would have none")
    data = prepare_data(context, partition, context.class_names if resumes else ())
    if checkpoint is not None and checkpoint["data"] != data.index.digest:
        raise DataError(
            f"{spec.data} has other images, labels or splits than when this run began: add the run anew"
        )
    kept, leak = load_trained_on(paths.trained_on) if resumes else None, None
    is_new = kept is None
    if kept is None:
        kept, leak = provenance(context, data.index, data.stamps)
    forget_array_images()  # packed and hashed: from here on the packed map alone is read
    net = make_network(context, data, weights, resumes=resumes)
    # Checkpoints from before there were plug-ins do not name the file.
    if checkpoint is not None and checkpoint.get("plugin_sha256") != net.plugin_sha256:
        raise PluginError(
            f"{spec.arch} has changed since this run began: put the file back, or clone the run"
        )
    return Setup(data, net, checkpoint, kept, leak, is_new)
