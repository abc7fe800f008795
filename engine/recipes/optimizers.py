"""Optimisers: one entry each, with how it is made, its learning rates, and the memory that its state takes."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from engine.recipes.entry import Entry, by_name

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.optim import Optimizer

DEFAULT = "sgd"
BEHIND_COMPILER = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
"""Methods that torch hides from its compiler, `step` besides."""
AnyOptimizer = TypeVar("AnyOptimizer", bound="Optimizer")


class OptimizerSettings(Protocol):
    """Settings of a run that an optimiser reads."""

    @property
    def optimizer(self) -> str: ...
    @property
    def lr(self) -> float: ...
    @property
    def momentum(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def nesterov(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class OptimizerInfo(Entry):
    """Optimiser: all that the program knows of it."""

    default_lr: float
    largest_lr: float
    """The largest that is ever suggested."""
    state_copies: Callable[[OptimizerSettings], int]
    """Numbers that its state holds for each parameter."""
    make: "Callable[[list[nn.Parameter], OptimizerSettings, bool], Optimizer]"
    """From the parameters, the settings, and whether torch's fused kernels are to be used."""
    takes_momentum: bool = False


def make_optimizer(model: "nn.Module", settings: OptimizerSettings, device: "torch.device") -> "Optimizer":
    """Return the optimiser of all parameters; weight decay touches each, as in torchvision's reference recipe."""
    fused = device.type in ("cuda", "cpu")
    return OPTIMIZERS[settings.optimizer].make(list(model.parameters()), settings, fused)


def names_with_momentum() -> list[str]:
    """Return the optimisers that read `momentum` and `nesterov`."""
    return [name for name, info in OPTIMIZERS.items() if info.takes_momentum]


def lr_defaults() -> str:
    """Return the default learning rates in words: `0.01; adamw: 0.0003`."""
    usual = OPTIMIZERS[DEFAULT].default_lr
    others = [f"{info.name}: {info.default_lr:g}" for info in OPTIMIZERS.values() if info.default_lr != usual]
    return "; ".join([f"{usual:g}", *others])


def without_compiler(kind: "type[AnyOptimizer]") -> "type[AnyOptimizer]":
    """Return a torch optimiser whose methods do not load torch's compiler, in which no step is compiled here.

    torch hides these methods from the compiler, and for that imports it at the first call: a second and 150 MB."""
    import torch

    methods = {name: inspect.unwrap(getattr(kind, name)) for name in BEHIND_COMPILER}
    methods["step"] = torch.no_grad()(inspect.unwrap(kind.step))
    return type(kind.__name__, (kind,), methods)


def _sgd(parameters: "list[nn.Parameter]", settings: OptimizerSettings, fused: bool) -> "Optimizer":
    import torch

    optimizer = without_compiler(torch.optim.SGD)(
        parameters,
        lr=settings.lr,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.nesterov,
        fused=fused,
    )
    if settings.momentum:
        # torch's fused SGD makes a first buffer out of whatever lies in memory and, where float16's gradients
        # overflow in that step, leaves it so; it also takes no parameters that first step after others have.
        for each in parameters:
            optimizer.state[each]["momentum_buffer"] = torch.zeros_like(each)
    return optimizer


def _adamw(parameters: "list[nn.Parameter]", settings: OptimizerSettings, fused: bool) -> "Optimizer":
    from torch.optim import AdamW

    return without_compiler(AdamW)(
        parameters, lr=settings.lr, weight_decay=settings.weight_decay, fused=fused
    )


def _adam(parameters: "list[nn.Parameter]", settings: OptimizerSettings, fused: bool) -> "Optimizer":
    from torch.optim import Adam

    return without_compiler(Adam)(parameters, lr=settings.lr, weight_decay=settings.weight_decay, fused=fused)


OPTIMIZERS = by_name(
    OptimizerInfo(
        name="sgd",
        description="stochastic gradient descent with momentum",
        default_lr=0.01,
        largest_lr=0.1,  # ten times the default, and He et al. 2015 begin at it
        state_copies=lambda settings: 1 if settings.momentum else 0,
        make=_sgd,
        takes_momentum=True,
    ),
    OptimizerInfo(
        name="adamw",
        description="Adam with decoupled weight decay (Loshchilov and Hutter 2019)",
        default_lr=3e-4,
        largest_lr=3e-3,
        state_copies=lambda settings: 2,
        make=_adamw,
    ),
    OptimizerInfo(
        name="adam",
        description="Adam, weight decay added to the gradient (Kingma and Ba 2015)",
        default_lr=1e-3,
        largest_lr=3e-3,
        state_copies=lambda settings: 2,
        make=_adam,
    ),
)
