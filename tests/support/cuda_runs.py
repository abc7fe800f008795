"""Runs on a graphics card."""

import hashlib

import torch

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec

CARD = torch.device("cuda:0")


def spec(**values: object) -> RunSpec:
    small = {"data": "data", "image_size": 32, "batch_size": 8, "epochs": 3, "lr": 0.02, "threads": 1}
    return make_spec(small | values)


def bits(home: Home, run_id: int) -> dict[str, str]:
    state = torch.load(home.run(run_id).last, map_location="cpu", weights_only=True)
    return {
        name: hashlib.sha256(value.numpy().tobytes()).hexdigest() for name, value in state["model"].items()
    }
