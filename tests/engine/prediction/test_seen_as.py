"""Preparation of an image, in words and in the metadata of an ONNX file: everything that a reader must repeat."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from engine.datasets.pixels.decode import Look
from engine.prediction.map_picture import seen_as
from engine.prediction.onnx_export import metadata
from engine.prediction.trained_network import Network
from engine.recipes.losses import LOSSES
from engine.recipes.normalizations import NORMALIZATIONS
from engine.training.memory_layout import PLAIN
from engine.training.objective import reading_of


def network(**look: Any) -> Network:
    return Network(
        model=nn.Identity(),
        head="fc",
        class_names=("a", "b"),
        look=replace(Look(28, "crop", "none"), **look),
        image_size=28,
        normalization=NORMALIZATIONS["imagenet"],
        objective=reading_of(LOSSES["ce"], 2),
        precision="fp32",
        device=torch.device("cpu"),
        layout=PLAIN,
        about={"loss": "ce"},
    )


@pytest.mark.parametrize("resize", ["bicubic", "nearest"])
def test_the_resize_is_told(resize: str) -> None:
    made = network(resize=resize)
    found = metadata(made)
    assert found["resize"] == resize and found["normalize"] == "imagenet"
    assert ("nearest" in seen_as(made)) == (resize == "nearest") == ("nearest" in found["preprocessing"])
