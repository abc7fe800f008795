"""Optimiser, schedule, loss and number format from a spec."""

import contextlib
import os
from contextlib import AbstractContextManager

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler

from engine.spec import RunSpec

MAX_THREADS = 8


def make_optimizer(model: nn.Module, spec: RunSpec, device: torch.device) -> Optimizer:
    """Weight decay touches every parameter, as in torchvision's reference recipe."""
    fused = device.type in ("cuda", "cpu")
    if spec.optimizer == "adamw":
        return AdamW(model.parameters(), lr=spec.lr, weight_decay=spec.weight_decay, fused=fused)
    return SGD(
        model.parameters(),
        lr=spec.lr,
        momentum=spec.momentum,
        weight_decay=spec.weight_decay,
        nesterov=spec.nesterov,
        fused=fused,
    )


def make_schedule(optimizer: Optimizer, spec: RunSpec, total_steps: int) -> LRScheduler:
    """Moved after every step; `cosine` falls to 0 at the last (Loshchilov and Hutter 2017, without restarts)."""
    if spec.schedule == "cosine":
        return CosineAnnealingLR(optimizer, T_max=max(total_steps, 1))
    return LambdaLR(optimizer, lambda _step: 1.0)


def make_loss() -> nn.Module:
    return nn.CrossEntropyLoss()


def resolve_precision(wanted: str, device: torch.device) -> str:
    """`auto` by what the device can do, never by timing: bfloat16 where the hardware multiplies it."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp32"
    able = torch.cpu.get_capabilities()
    return "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16") else "fp32"


def resolve_threads(wanted: int) -> int:
    """Compute threads: as asked, else the cores that this process may use, at most MAX_THREADS."""
    return wanted or min(len(os.sched_getaffinity(0)), MAX_THREADS)


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """The context in which the forward pass runs."""
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()
