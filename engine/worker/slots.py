"""Slots of a device: several workers on it, which share its cores or its memory."""

from engine.hardware.cores import usable_cores
from engine.hardware.host_memory import free_gb
from engine.queries.worker_options import AUTO, MOST_OF_A_CARD

CPU = "cpu"
TRAINING_GB = 2.0
"""Memory that a training on the CPU may take, GiB: ResNet-50, batch 64, small images, takes a little more than half."""
CARD_TRAINING_GB = 4.0
"""Memory of the host that a training on a card may take, GiB: torch with CUDA, and buffers of images."""


def slot_count(wanted: str, device: str = CPU, devices: int = 1) -> int:
    """Return the workers to start on each of several alike devices: as many as told, or one a core as far as the free
    memory of the host goes for all, on a card at most MOST_OF_A_CARD."""
    if wanted != AUTO:
        return int(wanted)
    if device == CPU:
        return max(1, min(usable_cores(), int(free_gb() / TRAINING_GB)))
    for_all = min(usable_cores(), int(free_gb() / CARD_TRAINING_GB))
    return max(1, min(for_all // devices, MOST_OF_A_CARD))
