"""What a run begins or goes on with: its newest checkpoint, its data, its network, and what that was trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from engine.datasets.layouts import DataError
from engine.datasets.provenance import Leak, TrainedOn, load_trained_on
from engine.files.paths import Home
from engine.models.plugin import PluginError
from engine.spec.run_spec import RunSpec
from engine.training.checkpoint import load_checkpoint
from engine.training.leak_check import provenance
from engine.training.setup import Data, Log, first_weights, make_network, prepare_data
from engine.training.step import Network


@dataclass(frozen=True)
class Ready:
    data: Data
    net: Network
    """At its start: a run that goes on takes its weights from the checkpoint afterwards."""
    checkpoint: dict[str, Any] | None
    trained_on: TrainedOn
    leak: Leak | None
    """Found at the start; a run that goes on was judged then."""
    is_new_provenance: bool
    """Whether `trained_on` has yet to be written down."""


def make_ready(
    spec: RunSpec,
    home: Home,
    run_id: int,
    *,
    device: torch.device,
    precision: str,
    log: Log,
    micro_batch: int,
    should_stop: Callable[[], bool],
) -> Ready:
    """Raises DataError, WeightsError, PluginError, LeakError; Stopped where `should_stop` asks while images are
    packed."""
    paths = home.run(run_id)
    paths.folder.mkdir(parents=True, exist_ok=True)
    checkpoint = load_checkpoint(paths, spec.training_digest())
    resumes = checkpoint is not None
    if not resumes and (paths.last.exists() or paths.last_before.exists()):
        log("its checkpoints are torn and cannot be used: training from the start")
    # Weights that are missing or do not fit are found before the images are packed; a run that goes on has
    # its own in the checkpoint.
    weights = None if resumes else first_weights(spec, home)
    data = prepare_data(
        spec, home, device, precision, log, bad_list=paths.bad_images, should_stop=should_stop
    )
    if checkpoint is not None and checkpoint["data"] != data.index.digest:
        raise DataError(
            f"{spec.data} has other images, labels or splits than when this run began: add the run anew"
        )
    kept, leak = load_trained_on(paths.trained_on) if resumes else None, None
    is_new = kept is None
    if kept is None:
        kept, leak = provenance(spec, home, run_id, data.index, log)
    net = make_network(
        spec, home, data, weights, device, precision, log, resumes=resumes, micro_batch=micro_batch
    )
    # Checkpoints from before there were plug-ins do not name the file.
    if checkpoint is not None and checkpoint.get("plugin_sha256") != net.plugin_sha256:
        raise PluginError(
            f"{spec.arch} has changed since this run began: put the file back, or clone the run"
        )
    return Ready(data, net, checkpoint, kept, leak, is_new)
