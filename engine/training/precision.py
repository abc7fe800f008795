"""The number format of a run's arithmetic: its choice, the context that computes in it, float16's gradient scaler."""

import contextlib
from contextlib import AbstractContextManager

import torch
from torch.amp import GradScaler


class MachineError(Exception):
    """This machine cannot do what the spec asks; one line that says what to do."""


def resolve_precision(wanted: str, device: torch.device) -> str:
    """Choose `auto` by what the device can do, never by timing: bfloat16 where the hardware multiplies it, float16 on
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


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """The context in which the forward pass runs."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16 if precision == "bf16" else torch.float16)


def make_scaler(precision: str, device: torch.device) -> GradScaler:
    """The scaler that keeps float16's small gradients above zero; disabled for any other format."""
    return GradScaler(device.type, enabled=precision == "fp16")


def forbid_tf32() -> None:
    """Make float32 the reference: CUDA is not to round its factors to TensorFloat-32, as cuDNN does by default."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
