"""Forward pass of training, plain or compiled, and the choice of a CUDA graph."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from engine.spec.plugin_name import plugin_of
from engine.spec.run_spec import RunSpec
from engine.training.cuda_graph import Replay

Forward = Callable[[Tensor], Tensor]


def make_forward(
    model: nn.Module, spec: RunSpec, device: torch.device, log: Callable[[str], None]
) -> Forward:
    """Return the network as it is, or compiled by torch.compile where the spec asks for it.

    Each shape is compiled separately, so that the bits do not depend on the order of shapes. Where this machine has no
    compiler the network is not compiled and the log says so."""
    if not spec.compile:
        return model
    try:
        check_compiler(device)
    except Exception as error:  # a missing compiler may raise anything
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        log(f"not compiled, for torch.compile does not work here: {reason}")
        return model
    forward: Forward = torch.compile(model, dynamic=False)
    return forward


def make_replay(
    spec: RunSpec,
    device: torch.device,
    precision: str,
    usual_batch: int,
    images_at_once: int,
    log: Callable[[str], None],
) -> Replay | None:
    """Replay batches of the usual size. None where a step is more than one plain pass: in micro-batches, compiled, on
    several cards, or with dropout, whose masks are drawn anew for each step, and for a plug-in, which may draw too. In
    bfloat16 alone: in the other formats its gain has not been measured."""
    is_plain = images_at_once >= usual_batch and not spec.compile and spec.head != "dropout"
    is_built_in = plugin_of(spec.arch) is None
    is_measured = device.type == "cuda" and precision == "bf16"
    is_wanted = is_plain and is_built_in and is_measured and spec.cuda_graphs == "auto" and spec.gpus == 1
    return Replay(usual_batch, log) if is_wanted else None


def check_compiler(device: torch.device) -> None:
    """Compile and differentiate a small layer. Raises the error of a missing part."""
    probe = torch.compile(nn.Linear(2, 2, device=device))
    probe(torch.ones(1, 2, device=device)).sum().backward()
