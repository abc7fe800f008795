"""Facts that every part of an attempt needs, resolved once."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from engine.files.paths import Home, RunPaths
from engine.spec.run_spec import RunSpec
from engine.time_line import PhaseClock
from engine.training.group import SINGLE, Group
from engine.training.memory_layout import Layout, choose_layout

Log = Callable[[str], None]


@dataclass(frozen=True)
class RunContext:
    """Run, paths, device and precision; the same from the first step of an attempt to its last."""

    spec: RunSpec
    home: Home
    run_id: int
    device: torch.device
    precision: str
    """fp32, bf16 or fp16; `auto` is resolved."""
    log: Log
    """Function that shows a line to the user."""
    micro_batch: int = 0
    """Images that go through the network at once; 0: the spec's number."""
    should_stop: Callable[[], bool] = lambda: False
    """Function that is called while images are packed; True stops the packing."""
    shares_card: Callable[[], bool] = lambda: False
    """Function that is called when the card's memory is too small; True where other runs train on it."""

    class_names: tuple[str, ...] = ()
    """Classes that the run began with; empty before its first start."""
    recorded_layout: Layout | None = None
    """Layout that the attempt's environment names; None for that of a run which begins."""
    profiles: bool = False
    """True where the first steps of the attempt are profiled."""
    clock: PhaseClock = field(default_factory=PhaseClock)
    """Stopwatch of the attempt."""
    group: Group = SINGLE
    """Processes that train the run together."""

    @property
    def paths(self) -> RunPaths:
        return self.home.run(self.run_id)

    @property
    def layout(self) -> Layout:
        return self.recorded_layout or choose_layout(self.spec, self.precision, self.device)

    @property
    def images_at_once(self) -> int:
        return self.micro_batch or self.spec.images_at_once
