"""The forward pass of training: as it is, or compiled; and whether whole batches are replayed."""

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
    """The network as it is, or through torch.compile where the spec asks: each shape by itself, so that the bits
    do not depend on which came first. Where this machine has no compiler the log says so."""
    if not spec.compile:
        return model
    try:
        check_compiler(device)
    except Exception as error:  # whatever a compiler that is not there raises
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        log(f"not compiled, for torch.compile does not work here: {reason}")
        return model
    forward: Forward = torch.compile(model, dynamic=False)
    return forward


def make_replay(
    spec: RunSpec, device: torch.device, precision: str, images_at_once: int, log: Callable[[str], None]
) -> Replay | None:
    """None where a step is more than one plain pass: in micro-batches, compiled, or with dropout, whose masks are drawn
    anew for each step, and for a plug-in, which may draw too. In bfloat16 alone: in the other formats its gain has not
    been measured."""
    is_plain = images_at_once >= spec.batch_size and not spec.compile and spec.head != "dropout"
    is_built_in = plugin_of(spec.arch) is None
    is_measured = device.type == "cuda" and precision == "bf16"
    is_wanted = is_plain and is_built_in and is_measured and spec.cuda_graphs == "auto"
    return Replay(spec.batch_size, log) if is_wanted else None


def check_compiler(device: torch.device) -> None:
    """Compile and differentiate something small: raises what the missing part raises."""
    probe = torch.compile(nn.Linear(2, 2, device=device))
    probe(torch.ones(1, 2, device=device)).sum().backward()
