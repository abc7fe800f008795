"""Class-activation maps of a trained network by Grad-CAM: which part of an image speaks for a class.

Source: Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", as
captum computes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.prediction.map_layer import MapLayer, NoMap, find_map_layer
from engine.prediction.trained_network import Network
from engine.training.out_of_memory import is_out_of_memory

AT_ONCE = 8
"""Images whose activations are kept at once: 90 MiB each for ResNet-50 at 224 px."""
QUADRANTS = ("upper left", "upper right", "lower left", "lower right")
NEEDS_CAPTUM = "class-activation maps need the package captum: pip install captum"


@dataclass(frozen=True)
class ClassMap:
    """Map of one image for one class."""

    seen: NDArray[np.uint8]
    """Image as the network sees it, size×size×3."""
    heat: NDArray[np.float32]
    """Evidence of each pixel for the class, size×size, from 0 to 1 where it is most; all 0 where nothing does."""
    label: int
    """Class of the map; the predicted grade where `is_graded`."""
    score: float
    """Probability of that class, or the grade."""
    predicted: int
    predicted_score: float

    @property
    def shares(self) -> dict[str, float] | None:
        """Return the share of the map's mass in each quadrant, in the order of QUADRANTS; None for an empty map.

        The middle line of an odd number of pixels belongs half to each side."""
        side = len(self.heat)
        near = np.clip(side / 2 - np.arange(side), 0, 1)
        halves = np.stack([near, 1 - near])
        mass = (halves @ self.heat.astype(np.float64) @ halves.T).ravel()
        if not mass.sum() > 0:
            return None
        return dict(zip(QUADRANTS, map(float, mass / mass.sum()), strict=True))


class ClassMapper:
    """Maker of maps with one network."""

    def __init__(self, network: Network) -> None:
        """Find the layer of the maps and try one. Raises NoMap, also where captum is missing."""
        try:
            from captum.attr import LayerGradCam
        except ImportError as error:
            raise NoMap(f"{NEEDS_CAPTUM} ({error})") from None
        self._network = network
        self.is_graded = not _gives_classes(network)
        self.layer: MapLayer = find_map_layer(network.model, network.head, network.image_size, network.device)
        network.model.requires_grad_(False)
        module = network.model.get_submodule(self.layer.name)
        module.register_forward_hook(_start_gradient)
        self._grad_cam: Any = LayerGradCam(network.model, module)
        side = network.look.size_px
        self._heat(
            np.zeros((1, side, side, 3), np.uint8), np.zeros(1, np.int64)
        )  # before anything is written

    def label_of(self, name: str) -> int:
        """Return the number of a class by its name. Raises NoMap."""
        names = self._network.class_names
        if self.is_graded:
            raise NoMap(
                f"no map for {name!r} alone: this network gives one grade, and its maps show what raises it"
            )
        if name not in names:
            raise NoMap(f"there is no class {name!r}: choose one of {', '.join(names)}")
        return names.index(name)

    def maps(
        self,
        images: NDArray[np.uint8],
        predicted: NDArray[np.int64],
        scores: NDArray[np.float32],
        labels: Sequence[int] | None = None,
    ) -> list[ClassMap]:
        """Return the maps of preprocessed images N×packed×packed×3 with their predictions and scores.

        `labels` are the classes of the maps; None: the predicted ones. Raises NoMap."""
        wanted = predicted if labels is None else np.asarray(labels, dtype=np.int64)
        parts = [slice(start, start + AT_ONCE) for start in range(0, len(images), AT_ONCE)]
        heat = np.concatenate([self._heat(images[part], wanted[part]) for part in parts])
        packed, size = images.shape[1], self._network.image_size
        middle = slice((packed - size) // 2, (packed + size) // 2)

        def score(row: int, label: int) -> float:
            return float(scores[row, 0] if self.is_graded else scores[row, label])

        return [
            ClassMap(
                np.ascontiguousarray(images[row, middle, middle]),
                heat[row],
                int(wanted[row]),
                score(row, int(wanted[row])),
                int(predicted[row]),
                score(row, int(predicted[row])),
            )
            for row in range(len(images))
        ]

    def _heat(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return N×size×size. Computed in float32, whatever the run's precision."""
        from captum.attr import LayerAttribution

        size, device = self._network.image_size, self._network.device
        inputs = torch.cat([batch.clone() for batch in self._network.batches(images)])
        target = 0 if self.is_graded else torch.from_numpy(labels).to(device)
        try:
            coarse = self._grad_cam.attribute(inputs, target=target, relu_attributions=True)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            raise NoMap(f"no maps: no gradient reaches {self.layer.name} ({first_line(error)})") from None
        fine = LayerAttribution.interpolate(coarse, (size, size), interpolate_mode="bilinear")
        heat = fine.detach()[:, 0].float().cpu().numpy()
        most = heat.max(axis=(1, 2), keepdims=True)
        scaled: NDArray[np.float32] = np.divide(heat, most, out=np.zeros_like(heat), where=most > 0)
        return scaled


def _gives_classes(network: Network) -> bool:
    from engine.recipes.losses import LOSSES

    return not LOSSES[str(network.about["loss"])].gives_grade


def _start_gradient(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
    """Let the gradient end at the map: what comes before it need not be kept. A copy, for a ReLU may work in place."""
    return output.detach().requires_grad_().clone()


def first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
