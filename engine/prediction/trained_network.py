"""Trained network of a run, read from its best weights, with the preprocessing of its images."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.datasets.batches import Batches
from engine.datasets.pixels.decode import DEFAULT_RESIZE, Look
from engine.files.paths import Home
from engine.models.layers import BuiltModel
from engine.models.networks import build_network
from engine.models.weight_files import WeightsError, read_state, read_weights_metadata
from engine.recipes import normalizations
from engine.recipes.loss_info import LossInfo
from engine.recipes.losses import LOSSES
from engine.recipes.normalizations import NORMALIZATIONS, NormalizationInfo
from engine.training.heads import outputs_in_full
from engine.training.memory_layout import LAYOUT, Layout, lay_out, one_order
from engine.training.objective import Objective, reading_of
from engine.training.precision import autocast, forbid_tf32

NEEDED = (
    "arch", "bottleneck_stride", "class_names", "image_size", "packed_px", "fit", "preprocess", "loss",
)  # fmt: skip


@dataclass(frozen=True)
class Network:
    """Trained network with the preprocessing of its images."""

    model: nn.Module
    head: str
    class_names: tuple[str, ...]
    look: Look
    image_size: int
    """Side of the network's input in pixels: the middle of the preprocessed image."""
    normalization: NormalizationInfo
    objective: Objective
    """Objective that turns outputs into predictions and scores."""
    precision: str
    device: torch.device
    layout: Layout
    about: dict[str, Any]
    """Metadata of the weights."""

    def batches(self, images: NDArray[np.uint8]) -> Iterator[Tensor]:
        """Yield preprocessed images N×packed×packed×3 as the network takes them, in parts that fit into memory."""
        loader = Batches(
            images,
            np.zeros(len(images), dtype=np.int64),
            device=self.device,
            batch_size=len(images),
            seed=0,
            augment="none",
            size_px=self.image_size,
            normalization=self.normalization,
            layout=self.layout.images,
        )
        for batch in loader.evaluate(np.arange(len(images))):
            yield batch.images

    @torch.inference_mode()
    def predict(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Predict preprocessed images N×packed×packed×3: classes N, and probabilities N×classes or grades N×1."""
        predicted, scores = [], []
        for batch in self.batches(images):
            outputs = outputs_in_full(
                self.model, self.head, batch, lambda: autocast(self.precision, self.device)
            )
            predicted.append(self.objective.predictions(outputs).cpu().numpy())
            scores.append(self.objective.scores(outputs).cpu().numpy())
        return np.concatenate(predicted), np.concatenate(scores)


def load_network(path: Path, device: torch.device, home: Home, layout: Layout | None = None) -> Network:
    """Load the network of `best.safetensors`, in the layout that it was trained in unless one is given.

    Raises WeightsError where it is missing or says too little of itself, and PluginError."""
    about, loss, normalization = _known_metadata(path)
    names = tuple(map(str, about["class_names"]))
    built = _built(about, loss.output_count(len(names)), home)
    model = built.model
    model.load_state_dict(read_state(path))
    image_size, precision = int(about["image_size"]), str(about.get("precision", "fp32"))
    if precision == "fp32":
        forbid_tf32()
    layout = layout or _trained_layout(about, device)
    return Network(
        model=lay_out(model, layout, device).eval(),
        head=built.layers.head,
        class_names=names,
        look=Look(
            int(about["packed_px"]),
            str(about["fit"]),
            str(about["preprocess"]),
            str(about.get("resize", DEFAULT_RESIZE)),
        ),
        image_size=image_size,
        normalization=normalization,
        objective=reading_of(loss, len(names)).to(device),
        precision=precision,
        device=device,
        layout=layout,
        about=about,
    )


def _trained_layout(about: dict[str, Any], device: torch.device) -> Layout:
    """Return the layout in which a network predicts the same bits as after its epoch, on such a device."""
    if LAYOUT in about and device.type == "cpu":
        return Layout(int(about[LAYOUT]))
    return one_order(int(about["image_size"]), str(about.get("precision", "fp32")), device)


def _known_metadata(path: Path) -> tuple[dict[str, Any], LossInfo, NormalizationInfo]:
    """Return the metadata of weights with their loss and normalisation. Raises WeightsError where one is not known."""
    about = read_weights_metadata(path)
    missing = [name for name in NEEDED if name not in about]
    if missing:
        raise WeightsError(f"{path} does not say its {', '.join(missing)}: it was not written by resnet-tui")
    known: dict[str, Any] = about
    loss = LOSSES.get(str(known["loss"]))
    if loss is None:
        raise WeightsError(
            f"{path} was trained with loss {known['loss']}, which is unknown here: update resnet-tui"
        )
    normalization = NORMALIZATIONS.get(str(known.get("normalize", normalizations.DEFAULT)))
    if normalization is None:
        raise WeightsError(
            f"{path} was trained with normalize {known['normalize']}, which is unknown here: update resnet-tui"
        )
    return known, loss, normalization


def _built(known: dict[str, Any], outputs: int, home: Home) -> BuiltModel:
    """Return the network that the metadata name; says so where a plug-in's file is another now."""
    built = build_network(
        known["arch"],
        outputs,
        implementation="own",
        bottleneck_stride=known["bottleneck_stride"],
        stem=known.get("stem", "imagenet"),
        image_size_px=int(known["image_size"]),
        seed=0,
        resolve=home.resolve,
    )
    if built.plugin_sha256 != known.get("plugin_sha256"):
        print(
            f"{known['arch']} has changed since these weights were trained: predictions may be others",
            file=sys.stderr,
        )
    return built
