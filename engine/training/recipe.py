"""Optimiser, number format and memory layout from a spec."""

import contextlib
import os
from contextlib import AbstractContextManager

import torch
from torch import nn
from torch.amp import GradScaler
from torch.optim import SGD, AdamW, Optimizer

from engine.spec.run_spec import RunSpec

MAX_THREADS = 8
CHANNELS_LAST_FROM_PX = 96


class MachineError(Exception):
    """This machine cannot do what the spec asks; one line that says what to do."""


def make_optimizer(model: nn.Module, spec: RunSpec, device: torch.device) -> Optimizer:
    """Weight decay touches every parameter, as in torchvision's reference recipe."""
    fused = device.type in ("cuda", "cpu")
    if spec.optimizer == "adamw":
        return AdamW(model.parameters(), lr=spec.lr, weight_decay=spec.weight_decay, fused=fused)
    optimizer = SGD(
        model.parameters(),
        lr=spec.lr,
        momentum=spec.momentum,
        weight_decay=spec.weight_decay,
        nesterov=spec.nesterov,
        fused=fused,
    )
    if spec.momentum:
        # torch's fused SGD makes a first buffer out of whatever lies in memory and, where float16's gradients
        # overflow in that step, leaves it so; it also takes no parameters that first step after others have.
        for each in model.parameters():
            optimizer.state[each]["momentum_buffer"] = torch.zeros_like(each)
    return optimizer


def resolve_precision(wanted: str, device: torch.device) -> str:
    """`auto` by what the device can do, never by timing: bfloat16 where the hardware multiplies it, float16 on
    CUDA cards that multiply only that (compute capability 7.0 on).

    Raises MachineError for float16 without a CUDA card."""
    if wanted == "fp16" and device.type != "cuda":
        raise MachineError("precision fp16 needs an NVIDIA card: choose precision auto, bf16 or fp32")
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        capability = torch.cuda.get_device_capability(device)
        return "bf16" if capability >= (8, 0) else "fp16" if capability >= (7, 0) else "fp32"
    able = torch.cpu.get_capabilities()
    return "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16") else "fp32"


def memory_format(image_size: int, precision: str, device: torch.device) -> torch.memory_format:
    """In which order weights and images lie in memory: channels last, but for small images in fp32 on a CPU.

    There the products are short and reordering each gradient into its weights' order costs more than it saves
    (docs/benchmarks.md has the figures)."""
    if device.type == "cpu" and precision == "fp32" and image_size < CHANNELS_LAST_FROM_PX:
        return torch.contiguous_format
    return torch.channels_last


def resolve_threads(wanted: int) -> int:
    """The compute threads: as asked, else OMP_NUM_THREADS where it is a number, else the cores that this process may
    use, at most MAX_THREADS."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    if wanted or (told.isdecimal() and int(told)):
        return wanted or int(told)
    return min(len(os.sched_getaffinity(0)), MAX_THREADS)


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """The context in which the forward pass runs."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16 if precision == "bf16" else torch.float16)


def make_scaler(precision: str, device: torch.device) -> GradScaler:
    """Keeps float16's small gradients above zero; any other format needs none."""
    return GradScaler(device.type, enabled=precision == "fp16")


def forbid_tf32() -> None:
    """float32 is the reference: CUDA is not to round its factors to TensorFloat-32, as cuDNN does by default."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
