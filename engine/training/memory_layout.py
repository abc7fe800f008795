"""Order of weights and images in memory."""

import torch

CHANNELS_LAST_FROM_PX = 96


def memory_format(image_size: int, precision: str, device: torch.device) -> torch.memory_format:
    """Choose channels last, but for small images in fp32 on a CPU.

    There the products are short and reordering each gradient into its weights' order costs more than it saves
    (docs/benchmarks.md has the figures)."""
    if device.type == "cpu" and precision == "fp32" and image_size < CHANNELS_LAST_FROM_PX:
        return torch.contiguous_format
    return torch.channels_last
