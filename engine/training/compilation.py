"""The forward pass of training: as it is, compiled, or replayed as a CUDA graph."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from engine.spec import RunSpec
from engine.training.recipe import MachineError

Forward = Callable[[Tensor], Tensor]


def make_forward(
    model: nn.Module, spec: RunSpec, device: torch.device, log: Callable[[str], None]
) -> Forward:
    """The network as it is, or through torch.compile where the spec asks: each shape by itself, so that the bits
    do not depend on which came first. Where this machine has no compiler the log says so.

    Raises MachineError for CUDA graphs without a CUDA card."""
    if spec.cuda_graphs and device.type != "cuda":
        raise MachineError("cuda_graphs needs an NVIDIA card: leave it out, or train with a worker on one")
    if not (spec.compile or spec.cuda_graphs):
        return model
    try:
        check_compiler(device)
    except Exception as error:  # whatever a compiler that is not there raises
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        log(f"not compiled, for torch.compile does not work here: {reason}")
        return model
    if spec.cuda_graphs:
        return replayed(torch.compile(model, dynamic=False, mode="reduce-overhead"))
    forward: Forward = torch.compile(model, dynamic=False)
    return forward


def check_compiler(device: torch.device) -> None:
    """Compile and differentiate something small: raises what the missing part raises."""
    probe = torch.compile(nn.Linear(2, 2, device=device))
    probe(torch.ones(1, 2, device=device)).sum().backward()


def replayed(forward: Forward) -> Forward:
    """A forward pass whose outputs of the step before may be overwritten: a step keeps none of them."""

    def step(images: Tensor) -> Tensor:
        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        return forward(images)

    return step
