"""The facts that every part of an attempt needs, resolved once."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from engine.files.paths import Home, RunPaths
from engine.spec.run_spec import RunSpec

Log = Callable[[str], None]


@dataclass(frozen=True)
class RunContext:
    """A run, where its files lie, and what it computes with: the same from the first step of an attempt to its last."""

    spec: RunSpec
    home: Home
    run_id: int
    device: torch.device
    precision: str
    """fp32, bf16 or fp16: resolved."""
    log: Log
    """Takes a line for the user."""
    micro_batch: int = 0
    """Images that go through the network at once; 0: as the spec says."""
    should_stop: Callable[[], bool] = lambda: False
    """Asked while images are packed."""

    @property
    def paths(self) -> RunPaths:
        return self.home.run(self.run_id)

    @property
    def images_at_once(self) -> int:
        return self.micro_batch or self.spec.images_at_once
