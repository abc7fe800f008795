"""Train a scenario, look at fresh images as it goes, and record it."""

import shutil
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.finding_rates import narrow_resnets
from benchmarks.finding_rates.images import Images, Pool, RunImages, images_of, write_folder
from benchmarks.finding_rates.record import Record
from benchmarks.finding_rates.scenarios import Scenario
from engine.datasets.index import Index
from engine.files.paths import Home
from engine.recipes.normalizations import DEFAULT, NORMALIZATIONS
from engine.recipes.optimizers import make_optimizer
from engine.recipes.schedules import make_schedule
from engine.spec.grid import make_spec
from engine.training.context import RunContext
from engine.training.epoch_sums import EpochSums
from engine.training.loop import train_one_epoch
from engine.training.loss_curve import Bucket, Diverged
from engine.training.measure import Choice, EpochResult
from engine.training.recorder import Recorder, ResumePoint
from engine.training.session import Session

WATCHED = 250
"""Fresh images looked at after every epoch."""
GOES_ON = (3, 8)
"""Fewest and most epochs that a run is trained on for."""
AT_ONCE = 128
MEMORY = Path("/dev/shm")
Weights: TypeAlias = dict[str, Tensor]


class UnsavedSession(Session):
    """Session that writes no checkpoint: nothing resumes these runs."""

    def _save(self, recorder: Recorder) -> None: ...


def open_session(home: Home, network: str, settings: dict[str, Any]) -> Session:
    """Return a session on the home's folder `data`, with a network of `narrow_resnets`."""
    file = Path(narrow_resnets.__file__)
    shutil.copy(file, home.root / file.name)
    arch = f"{file.name}:{network}"
    spec = make_spec({"data": "data", "arch": arch, **settings})
    return UnsavedSession(
        RunContext(spec, home, 1, device=torch.device("cpu"), precision="fp32", log=lambda _text: None)
    )


class Watcher:
    """Recorder that keeps each epoch's numbers, predictions and weights, and looks at some fresh images after each."""

    def __init__(self, fresh: Images | None = None) -> None:
        self.session: Session | None = None
        self.fresh = fresh
        self.index: Index | None = None
        self.epochs: list[dict[str, Any]] = []
        self.predictions: list[NDArray[Any]] = []
        self.scores: list[NDArray[Any]] = []
        self.labels: NDArray[Any] = np.zeros(0)
        self.weights: list[Weights] = []
        self.watched: list[NDArray[Any]] = []

    def begin(self, index: Index, point: ResumePoint) -> None:
        self.index = index

    def fence(self) -> AbstractContextManager[None]:
        return nullcontext()

    def checkpoint(self) -> None: ...
    def catch_up(self) -> None: ...
    def progress(self, step: int, sums: EpochSums, buckets: list[Bucket], width: int) -> None: ...

    def epoch(self, measured: EpochResult, best: Choice | None, *, last: bool) -> None:
        found = measured.evaluation
        self.epochs.append({"epoch": measured.epoch, **measured.values})
        self.predictions.append(found.predictions)
        self.scores.append(found.scores.astype(np.float16))
        self.labels = found.labels
        if self.session is not None and self.fresh is not None:
            model = self.session.net.model
            self.weights.append({name: each.clone() for name, each in model.state_dict().items()})
            some = self.fresh[0][:WATCHED], self.fresh[1][:WATCHED]
            self.watched.append(predict(model, some).predictions)


@dataclass(frozen=True)
class Predicted:
    """Predictions and NLL of each image."""

    predictions: NDArray[np.uint8]
    nll: NDArray[np.float32]


@torch.no_grad()
def predict(model: nn.Module, images: Images) -> Predicted:
    """Predict in evaluation mode, and leave the network as it was."""
    training = model.training
    model.eval()
    logits = torch.cat([model(part) for part in _batches(images)]).double()
    model.train(training)
    nll = functional.cross_entropy(logits, torch.from_numpy(images[1]), reduction="none")
    return Predicted(logits.argmax(1).numpy().astype(np.uint8), nll.numpy().astype(np.float32))


def _batches(images: Images) -> list[Tensor]:
    chosen = NORMALIZATIONS[DEFAULT]
    mean, std = (torch.tensor(value).view(1, 3, 1, 1) for value in (chosen.mean, chosen.std))
    found = []
    for start in range(0, len(images[1]), AT_ONCE):
        raw = torch.from_numpy(images[0][start : start + AT_ONCE]).permute(0, 3, 1, 2).float()
        found.append((raw / 255 - mean) / std)
    return found


@torch.no_grad()
def settle(model: nn.Module, images: Images) -> None:
    """Measure BatchNorm's statistics anew on images: their mean over batches."""
    norms = [each for each in model.modules() if isinstance(each, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    model.train()
    for part in _batches(images):
        if len(part) > 1:
            model(part)
    for norm in norms:
        norm.momentum = 0.1


def go_on(session: Session, fresh: Images) -> list[Predicted]:
    """Train on for as many epochs again, from the spec's learning rate along a cosine; looks halfway and at the end."""
    spec, data = session.spec, session.data
    epochs = min(max(spec.epochs, GOES_ON[0]), GOES_ON[1])
    longer = spec.model_copy(update={"epochs": epochs, "schedule": "cosine", "warmup_epochs": 0.0})
    optimizer = make_optimizer(session.net.model, spec, session.context.device)
    schedule = make_schedule(optimizer, longer, data.steps_per_epoch)
    net = replace(session.net, optimizer=optimizer, schedule=schedule)
    looks = []
    for epoch in range(1, epochs + 1):
        batches = data.batches.train(data.train_rows, epoch=1_000 + epoch)
        train_one_epoch(net, batches, EpochSums(), head_alone=False, on_step=lambda: False)
        if epoch in (epochs // 2, epochs):
            looks.append(predict(session.net.model, fresh))
    return looks


def train_scenario(wanted: Scenario, pool: Pool, warm: dict[str, Path]) -> Record:
    """Train one run and record it."""
    torch.set_num_threads(1)
    began = time.monotonic()
    images = images_of(wanted, pool)
    settings = wanted.settings
    if wanted.family == "warm":
        settings = settings | {"pretrained": str(warm[wanted.source])}
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        home = Home.find(Path(name))
        prefix = "" if wanted.source == "fundus" else "c"
        write_folder(home.root / "data", {"train": images.train, "test": images.test}, prefix)
        session = open_session(home, wanted.network, settings)
        watcher = Watcher(images.fresh)
        watcher.session = session
        diverged_step = train_watched(session, watcher)
        looked = {} if diverged_step is not None else look_back(session, watcher, images)
    index = watcher.index
    assert index is not None
    about = {
        **_wanted(wanted),
        "spec": session.spec.model_dump(),
        "train_counts": index.counts("train"),
        "test_counts": index.counts("test"),
        "class_names": list(index.class_names),
        "ordered": index.ordered,
        "diverged_step": diverged_step,
        "seconds": round(time.monotonic() - began, 2),
    }
    arrays = {
        "predictions": np.stack(watcher.predictions).astype(np.uint8),
        "scores": np.stack(watcher.scores),
        "test_labels": watcher.labels.astype(np.uint8),
        "fresh_labels": images.fresh[1].astype(np.uint8),
        **looked,
    }
    return Record(about, watcher.epochs, arrays)


def train_watched(session: Session, watcher: Watcher) -> int | None:
    """Train to the end; return the step at which the loss diverged, None where it did not."""
    try:
        session.train(watcher, lambda: False)
    except Diverged as error:
        return error.step
    return None


def _wanted(wanted: Scenario) -> dict[str, Any]:
    """Return what a record says of the scenario."""
    return {name: getattr(wanted, name) for name in ("number", "family", "source", "noise")}


def epochs_to_look_at(watcher: Watcher, *, warm: bool) -> list[int]:
    """Return the last epoch, the best of test accuracy and test NLL, thirds of the way, and epoch 0 of warm starts."""
    last = len(watcher.epochs) - 1
    right = np.array([(each == watcher.labels).mean() for each in watcher.predictions])
    nll = [row["test_nll"] if row["test_nll"] is not None else np.inf for row in watcher.epochs]
    chosen = {
        last,
        1 + int(right[1:].argmax()),
        1 + int(np.argmin(nll[1:])),
        -(-last // 3),
        -(-2 * last // 3),
    }
    return sorted(chosen | ({0} if warm else set()))


def look_back(session: Session, watcher: Watcher, images: RunImages) -> dict[str, NDArray[Any]]:
    """Look at all fresh images and at the training images with the weights of some epochs, then go on."""
    model = session.net.model
    epochs = epochs_to_look_at(watcher, warm=session.spec.pretrained != "none")
    looks, again = [], []
    for epoch in epochs:
        model.load_state_dict(watcher.weights[epoch])
        looks.append(predict(model, images.fresh))
        seen = predict(model, images.train)
        again.append([float(seen.nll.mean()), float((seen.predictions == images.train[1]).mean())])
    settle(model, images.train)
    settled = [predict(model, images.fresh)]
    model.load_state_dict(watcher.weights[-1])
    later = go_on(session, images.fresh)
    arrays: dict[str, NDArray[Any]] = {
        "looks": np.array(epochs), "again": np.array(again), "watched_predictions": np.stack(watcher.watched),
    }  # fmt: skip
    for name, found in {"look": looks, "settled": settled, "later": later}.items():
        arrays |= {
            f"{name}_predictions": np.stack([each.predictions for each in found]),
            f"{name}_nll": np.stack([each.nll for each in found]),
        }
    return arrays
