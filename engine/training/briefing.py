"""Briefing of the processes of a group: what the first one knows of an attempt and the others need to train with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from engine.files.paths import Home
from engine.spec.grid import load_spec
from engine.training.context import RunContext
from engine.training.memory_layout import LAYOUT, Layout


@dataclass(frozen=True)
class Briefing:
    """Facts of an attempt, the same in every process."""

    run_id: int
    spec: str
    """As JSON."""
    environment: Mapping[str, Any]
    class_names: tuple[str, ...]

    def context(self, home: Home, device: torch.device, **own: Any) -> RunContext:
        """Return the context of a process with what is its `own`, such as its log."""
        return RunContext(
            load_spec(self.spec, self.run_id),
            home,
            self.run_id,
            device=device,
            precision=self.environment["precision"],
            micro_batch=self.environment["micro_batch"],
            class_names=self.class_names,
            recorded_layout=Layout(self.environment[LAYOUT]),
            **own,
        )
