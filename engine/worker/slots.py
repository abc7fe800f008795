"""Slots of a processor: several workers on it, which share its cores."""

from engine.hardware.cores import usable_cores
from engine.hardware.host_memory import free_gb

AUTO = "auto"
TRAINING_GB = 2.0
"""Memory that a training on the CPU may take, GiB: ResNet-50, batch 64, small images, takes a little more than half."""


def slot_count(wanted: str) -> int:
    """Return the workers to start: as many as told, or one a core as far as the free memory goes."""
    return int(wanted) if wanted != AUTO else max(1, min(usable_cores(), int(free_gb() / TRAINING_GB)))
