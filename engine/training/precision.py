"""Number format of a run's arithmetic: its choice, the context that computes in it, float16's gradient scaler."""

import contextlib
from contextlib import AbstractContextManager

import torch
from torch.amp import GradScaler

from engine.spec.plugin_name import plugin_of
from engine.spec.run_spec import RunSpec
from engine.spec.stems import STEMS


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


def run_precision(spec: RunSpec, device: torch.device) -> str:
    """Choose a run's number format as `resolve_precision` does, but no bfloat16 on a CPU where conv5_x gets a map of
    1×1: oneDNN's gradient of its 3×3 kernel of stride 2 holds uninitialised memory there, NaN at times (torch 2.14.1).

    Raises MachineError for bfloat16 that was asked for there, too."""
    precision = resolve_precision(spec.precision, device)
    largest_px = STEMS[spec.stem].largest_single_conv5_px
    is_built_in = plugin_of(spec.arch) is None
    if precision != "bf16" or device.type != "cpu" or not is_built_in or spec.image_size > largest_px:
        return precision
    if spec.precision == "auto":
        return "fp32"
    raise MachineError(
        f"precision bf16 gives wrong gradients on a CPU for images of at most {largest_px} px: choose precision "
        f"auto or fp32, or an image_size of {largest_px + 1} or more"
    )


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which the forward pass runs."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16 if precision == "bf16" else torch.float16)


def make_scaler(precision: str, device: torch.device) -> GradScaler:
    """Return the scaler that keeps float16's small gradients above zero; disabled for any other format."""
    return GradScaler(device.type, enabled=precision == "fp16")


def forbid_tf32() -> None:
    """Make float32 the reference: CUDA is not to round its factors to TensorFloat-32, as cuDNN does by default."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
