"""A network of two convolutions with the names that training looks at: a session of it takes milliseconds."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from pictures import lab_csvs
from sessions import CPU, Memory, numbers
from torch import nn
from weight_bytes import weights_bytes

from engine.files.paths import Home
from engine.models import networks, weights
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.training import context as contexts
from engine.training.checkpoint import load_checkpoint
from engine.training.context import RunContext
from engine.training.memory_layout import CHANNELS_LAST
from engine.training.session import Session

TRAIN = (0, 1, 0, 2, 0, 1, 0, 0, 1, 0, 0, 2, 1, 0, 0, 0, 2, 1, 0, 0, 1)
"""21 images: four batches of 5 leave one over, so that they are divided 5, 4, 4, 4, 4."""
WEIGHTS = "start.safetensors"


class Small(nn.Module):
    def __init__(self, outputs: int, *, norm: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2, bias=not norm)
        self.bn1 = nn.BatchNorm2d(8) if norm else nn.Identity()
        self.layer2 = nn.Sequential(nn.Sequential(OrderedDict(conv1=nn.Conv2d(8, 8, 3, stride=2))))
        self.fc = nn.Linear(8, outputs)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.layer2(torch.relu(self.bn1(self.conv1(images))))
        logits: torch.Tensor = self.fc(x.mean((2, 3)))
        return logits


def build_small(arch: str, outputs: int, *, seed: int = 0, **_ignored: object) -> Small:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return Small(outputs)


def small_home(root: Path, patch: pytest.MonkeyPatch) -> Home:
    """A home with graded images and a file of first weights, in which every network is a Small one."""
    patch.setattr(networks, "build_model", build_small)
    patch.setattr(contexts, "choose_layout", lambda *_: CHANNELS_LAST)  # it has no stages
    patch.setattr(weights, "find_arch", lambda _arch: None)  # weights are compared with the small network
    lab_csvs(root / "lab", train=TRAIN, test=(0, 0, 1, 2, 0))
    (root / WEIGHTS).write_bytes(weights_bytes(build_small("", 3, seed=9).state_dict(), {}))
    return Home.find(root, cache=root / "cache")


def small_spec(**values: object) -> RunSpec:
    small = {"data": "lab", "image_size": 16, "batch_size": 5, "epochs": 3, "lr": 0.05, "threads": 1}
    return make_spec(small | values)


def small_session(
    home: Home, run_id: int, spec: RunSpec, said: list[str] | None = None, **more: Any
) -> Session:
    torch.set_num_threads(1)
    log = (said if said is not None else []).append
    return Session(RunContext(spec, home, run_id, device=CPU, precision="fp32", log=log, **more))


def outcome(home: Home, run_id: int, spec: RunSpec, memory: Memory) -> tuple[list[object], object]:
    """All numbers but times, and the bits of the weights."""
    state = load_checkpoint(home.run(run_id), spec.training_digest())
    assert state is not None
    bits = {name: tensor.numpy().tobytes() for name, tensor in state["model"].items()}
    return numbers(memory), bits


def small(outputs: int = 3, **values: bool) -> Small:
    """The network with its weights drawn from seed 0."""
    torch.manual_seed(0)
    return Small(outputs, **values)
