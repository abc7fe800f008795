"""Runs that the verdict is measured on: small, real, and varied on purpose."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

from benchmarks.verdict_scenarios import PHASES, SIZE_PX, Scenario
from benchmarks.verdict_truth import Looked, measured_truth
from engine.datasets.batches import MEAN, STD
from engine.datasets.builtin import builtin_images, builtin_table
from engine.datasets.index import Index
from engine.datasets.synthetic.fundus import draw_fundus
from engine.files.paths import Home
from engine.models.weight_files import weights_bytes
from engine.recipes.optimizers import make_optimizer
from engine.recipes.schedules import make_schedule
from engine.spec.grid import make_spec
from engine.training.context import RunContext
from engine.training.epoch_sums import EpochSums
from engine.training.loop import train_one_epoch
from engine.training.loss_curve import Bucket, Diverged
from engine.training.measure import Choice, EpochResult
from engine.training.recorder import ResumePoint
from engine.training.session import Session

EVERY_EPOCH_UNTIL = 8
"""Past it the fresh images are looked at after every third epoch and the last."""
NATURAL = (0.735, 0.070, 0.150, 0.025, 0.020)
"""Class shares of the study's data."""
DRAWN_PER_GRADE = {
    "train": (170, 45, 45, 45, 45),
    "test": (160, 45, 45, 45, 45),
    "fresh": (260, 60, 60, 60, 60),
}
DIGITS_PER_SPLIT = (("train", 700), ("test", 500), ("fresh", 500))

Images = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True)
class Pool:
    """Where runs take their images from: split by split, digits and drawn eyes."""

    drawn: dict[str, Images]
    digits: dict[str, Images]


def draw_pool(phase: str, folder: Path) -> Pool:
    """Draw a phase's images once; the phases share no drawn eye. Digits are too few to be kept apart."""
    path = folder / f"{phase}-pool.npz"
    if not path.exists():
        first_seed = 70_000 + 10 * PHASES.index(phase)
        parts: dict[str, NDArray[Any]] = {}
        for offset, (split, counts) in enumerate(DRAWN_PER_GRADE.items()):
            grades = np.repeat(np.arange(5), counts)
            eyes = [
                draw_fundus(first_seed + offset, row, int(grade), SIZE_PX) for row, grade in enumerate(grades)
            ]
            parts |= {f"{split}-images": np.stack(eyes), f"{split}-labels": grades}
        np.savez(path, **parts)  # type: ignore[arg-type]
    stored = np.load(path)
    drawn = {split: (stored[f"{split}-images"], stored[f"{split}-labels"]) for split in DRAWN_PER_GRADE}
    images, labels = builtin_images("digits", SIZE_PX), builtin_table("digits").labels
    order = np.random.default_rng(18).permutation(len(labels))
    digits, start = {}, 0
    for split, count in DIGITS_PER_SPLIT:
        rows = order[start : start + count]
        digits[split], start = (images[rows], labels[rows]), start + count
    return Pool(drawn, digits)


def warm_weights(folder: Path) -> Path:
    """Return a network trained on 500 further eyes, for warm starts."""
    path = folder / "warm.safetensors"
    if not path.exists():
        grades = np.arange(500) % 5
        images = np.stack([draw_fundus(70_100, row, int(grade), SIZE_PX) for row, grade in enumerate(grades)])
        with tempfile.TemporaryDirectory() as name:
            home = Home.find(Path(name))
            write_folder(
                home.root / "data", {"train": (images, grades), "test": (images[:50], grades[:50])}, ""
            )
            session = open_session(
                home, {"epochs": 12, "lr": 0.03, "image_size": SIZE_PX, "precision": "fp32"}
            )
            session.train(Watcher(), lambda: False)
            path.write_bytes(weights_bytes(session.net.model.state_dict(), {"arch": "resnet18"}))
    return path


def write_folder(folder: Path, splits: dict[str, Images], prefix: str) -> None:
    """One folder a split and class. A prefix makes the class names text, so that the classes are not grades."""
    for split, (images, labels) in splits.items():
        for row, (image, label) in enumerate(zip(images, labels, strict=True)):
            place = folder / split / f"{prefix}{label}"
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{row:04d}.png", compress_level=1)


def open_session(home: Home, settings: dict[str, Any]) -> Session:
    spec = make_spec({"data": "data", **settings})
    return Session(
        RunContext(spec, home, 1, device=torch.device("cpu"), precision="fp32", log=lambda _text: None)
    )


def choose(images: Images, count: int, shares: Sequence[float] | None, rng: np.random.Generator) -> Images:
    """`count` images at random; with `shares`, that many of each class, at least one."""
    labels = images[1]
    if shares is None:
        rows = rng.permutation(len(labels))[:count]
    else:
        wanted = [max(1, round(count * share)) for share in shares]
        rows = np.concatenate(
            [rng.permutation(np.flatnonzero(labels == label))[:some] for label, some in enumerate(wanted)]
        )
    return images[0][rows], labels[rows]


KEPT = (
    "train_loss", "train_acc", "grad_norm", "grad_norm_first", "test_nll", "test_acc", "balanced_acc", "kappa",
    "answers", "max_logit", "nonfinite_share", "lr",
)  # fmt: skip


class Watcher:
    """Recorder that keeps each epoch's numbers, and looks at the fresh images after each."""

    def __init__(self, fresh: Images | None = None) -> None:
        self.session: Session | None = None
        self.fresh, self.last = fresh, 0
        self.index: Index | None = None
        self.epochs: list[dict[str, Any]] = []
        self.looks: list[Looked] = []

    def begin(self, index: Index, point: ResumePoint) -> None:
        self.index = index

    def fence(self) -> AbstractContextManager[None]:
        return nullcontext()

    def checkpoint(self) -> None: ...
    def progress(self, step: int, images_per_s: float | None, buckets: list[Bucket], width: int) -> None: ...

    def epoch(self, measured: EpochResult, best: Choice | None, *, last: bool) -> None:
        self.epochs.append({"epoch": measured.epoch, **{name: measured.values[name] for name in KEPT}})
        number = measured.epoch
        wanted = 0 < number <= EVERY_EPOCH_UNTIL or number % 3 == 0 or number == self.last
        if self.session is not None and self.fresh is not None and number and wanted:
            self.looks.append(look(self.session, self.fresh))


@torch.inference_mode()
def look(session: Session, images: Images) -> Looked:
    """Return the network's answers on images, without touching its state."""
    model = session.net.model
    training = model.training
    model.eval()
    mean, std = (torch.tensor(value).view(1, 3, 1, 1) for value in (MEAN, STD))
    parts = []
    for start in range(0, len(images[1]), 128):
        raw = torch.from_numpy(images[0][start : start + 128]).permute(0, 3, 1, 2).float()
        parts.append(model((raw / 255 - mean) / std))
    logits = torch.cat(parts).double()
    model.train(training)
    labels = torch.from_numpy(images[1])
    nll = functional.cross_entropy(logits, labels, reduction="none")
    return Looked(images[1], logits.argmax(1).numpy(), nll.numpy())


def go_on(session: Session, fresh: Images) -> Iterator[Looked]:
    """Train three times as many epochs again; the fresh answers after each third."""
    spec, data = session.spec, session.data
    longer = spec.model_copy(update={"epochs": 3 * spec.epochs})
    optimizer = make_optimizer(session.net.model, spec, session.context.device)
    schedule = make_schedule(optimizer, longer, data.steps_per_epoch)
    net = replace(session.net, optimizer=optimizer, schedule=schedule)
    for epoch in range(longer.epochs):
        batches = data.batches.train(data.train_rows, epoch=1_000 + epoch)
        sums = EpochSums()
        train_one_epoch(net, batches, sums, head_alone=False, on_step=lambda: False)
        if (epoch + 1) % spec.epochs == 0:
            yield look(session, fresh)


def _drawn_data(wanted: Scenario, source: Any) -> tuple[Any, Any, Any]:
    """Images and true labels to train on, the labels with noise, and the test images with theirs."""
    rng = np.random.default_rng([wanted.seed, 1])
    shares = {"fundus": NATURAL, "balanced": (0.2,) * 5}.get(wanted.data)
    train = choose(source["train"], wanted.train_images, shares, rng)
    if (
        len(train[1]) % wanted.settings["batch_size"] == 1
    ):  # one image of 32 px has no variance to normalise by
        train = train[0][1:], train[1][1:]
    test = choose(source["test"], wanted.test_images, shares, rng)
    noisy = rng.random(len(train[1])) < wanted.noise
    return train, np.where(noisy, rng.permutation(train[1]), train[1]), test


def train_scenario(wanted: Scenario, pool: Pool, weights: Path) -> dict[str, Any]:
    """Train one run; its evidence, and what the fresh images say of it."""
    torch.set_num_threads(1)
    source = pool.digits if wanted.data == "digits" else pool.drawn
    train, labels, test = _drawn_data(wanted, source)
    settings = wanted.settings | ({"pretrained": str(weights)} if wanted.family == "warm" else {})
    with tempfile.TemporaryDirectory() as name:
        home = Home.find(Path(name))
        prefix = "d" if wanted.data == "digits" else ""
        write_folder(home.root / "data", {"train": (train[0], labels), "test": test}, prefix)
        session = open_session(home, settings)
        watcher = Watcher(source["fresh"])
        watcher.session, watcher.last = session, session.spec.epochs
        diverged_step = None
        try:
            session.train(watcher, lambda: False)
        except Diverged as error:
            diverged_step = error.step
        assert watcher.index is not None
        again = look(session, (train[0], labels))
        truth = measured_truth(
            watcher.looks,
            again,
            test_labels=test[1],
            diverged=diverged_step is not None,
            go_on=lambda: go_on(session, source["fresh"]),
        )
    return {
        "number": wanted.number,
        "family": wanted.family,
        "data": wanted.data,
        "train_images": wanted.train_images,
        "noise": wanted.noise,
        "spec": session.spec.model_dump(),
        "train_counts": watcher.index.counts("train"),
        "test_counts": watcher.index.counts("test"),
        "diverged_step": diverged_step,
        "epochs": watcher.epochs,
        "truth": truth,
    }
