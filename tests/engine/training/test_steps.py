"""One step: micro-batches, clipping, frozen trunks, float16, and no wait for a number."""

import math

import numpy as np
import pytest
import torch
from sessions import CPU
from small import small
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from engine.datasets.batches import Batch
from engine.models.layers import Layers
from engine.recipes.optimizers import OPTIMIZERS, make_optimizer
from engine.recipes.schedules import make_schedule
from engine.spec.grid import make_spec
from engine.training.heads import add_dropout, set_training
from engine.training.objective import Classification, Ordinal
from engine.training.precision import autocast, make_scaler
from engine.training.step import Network, accumulate, take_step

LAYERS = Layers("fc", "conv1")


def network(model: nn.Module, loss_of: nn.Module | None = None, **values: object) -> Network:
    spec = make_spec({"data": "d", "lr": 0.1, "schedule": "constant", "epochs": 1, **values})
    optimizer = make_optimizer(model, spec, CPU)
    return Network(
        model=model,
        forward=model,
        optimizer=optimizer,
        schedule=make_schedule(optimizer, spec, 10),
        loss_of=loss_of or Classification(),  # type: ignore[arg-type]
        autocast=lambda: autocast("fp32", CPU),
        scaler=make_scaler("fp32", CPU),
        micro_batch=spec.images_at_once,
        layers=LAYERS,
        clip_norm=spec.clip_norm,
    )


def batch_of(count: int, classes: int = 3) -> Batch:
    generator = torch.Generator().manual_seed(count)
    images = torch.randn(count, 3, 16, 16, generator=generator)
    labels = torch.randint(0, classes, (count,), generator=generator)
    return Batch(np.arange(count), images, labels, seed=7)


def gradients(model: nn.Module) -> list[torch.Tensor]:
    return [parameter.grad for parameter in model.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("count", [1, 7, 8, 9])
@pytest.mark.parametrize(
    "loss_of",
    [Classification(label_smoothing=0.1), Classification(weights=torch.tensor([0.2, 1.0, 9.0])), Ordinal(3)],
)
def test_micro_batches_add_up_to_the_whole_batchs_mean(loss_of: nn.Module, count: int) -> None:
    """Without BatchNorm, which sees the parts; with images of very different weights, and any rest."""
    outputs, batch = 1 if isinstance(loss_of, Ordinal) else 3, batch_of(count)
    parts = network(small(outputs, norm=False), loss_of, micro_batch=4)
    loss, right = accumulate(parts, batch)
    model = small(outputs, norm=False)
    expected = loss_of(model(batch.images), batch.labels)
    expected.backward()
    assert float(loss) == pytest.approx(expected.item(), rel=1e-5)
    assert int(right) == int((loss_of.predictions(model(batch.images)) == batch.labels).sum())  # type: ignore[operator]
    for ours, whole in zip(gradients(parts.model), gradients(model), strict=True):
        assert torch.allclose(ours, whole, rtol=1e-4, atol=1e-6)


def test_clipping_shortens_long_gradients_alone_and_the_norms_are_those_before() -> None:
    batch = batch_of(8)
    free, clipped, generous = (network(small(), clip_norm=limit) for limit in (0, 0.01, 1e6))
    norms = [take_step(net, batch).norms for net in (free, clipped, generous)]
    assert norms[0] == norms[1] == norms[2]
    length = torch.cat([gradient.flatten() for gradient in gradients(clipped.model)]).norm()
    assert float(length) == pytest.approx(0.01, rel=1e-3)
    assert all(map(torch.equal, gradients(free.model), gradients(generous.model)))


class Fetches(TorchDispatchMode):
    """Collects the operations that fetch a number from the device, for which the program would have to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if any(
            part in str(func) for part in ("_local_scalar_dense", "nonzero", "is_nonzero", "equal.default")
        ):
            self.found.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_no_step_waits_for_a_number(optimizer: str) -> None:
    model = small()
    add_dropout(model, "fc")
    weighted = Classification(torch.ones(3), torch.zeros(3))
    net = network(model, weighted, optimizer=optimizer, micro_batch=3, clip_norm=0.1)
    with Fetches() as fetches:
        step = take_step(net, batch_of(8))
        assert fetches.found == []
        float(step.loss)
    assert fetches.found == ["aten._local_scalar_dense.default"]


def test_no_gradient_runs_through_a_frozen_trunk() -> None:
    model = small()
    set_training(model, LAYERS, head_alone=True)
    reached: list[str] = []
    model.layer2.register_full_backward_hook(lambda *_: reached.append("layer2"))
    take_step(network(model), batch_of(8))
    assert reached == [] and model.conv1.weight.grad is None and model.fc.weight.grad is not None
    set_training(model, LAYERS, head_alone=False)
    take_step(network(model), batch_of(8))
    assert reached == ["layer2"] and model.bn1.training


def test_float16_skips_a_step_that_overflowed_and_its_schedule_ends_as_planned() -> None:
    """The scaler on the CPU: float16's range is the same there."""
    model = small()
    spec = make_spec({"data": "d", "lr": 0.1, "schedule": "cosine", "epochs": 1})
    optimizer = make_optimizer(model, spec, CPU)
    schedule = make_schedule(optimizer, spec, 10)
    scaler = make_scaler("fp16", CPU)
    net = Network(
        model,
        model,
        optimizer,
        schedule,
        Classification(),
        lambda: autocast("fp16", CPU),
        scaler,
        8,
        LAYERS,
        1.0,
    )
    batch = batch_of(8)
    scaler.scale(torch.ones(1))  # makes the scale
    scaler.update(new_scale=2.0**127)
    before = {name: tensor.clone() for name, tensor in model.named_parameters()}
    step = take_step(net, batch)
    assert math.isfinite(float(step.loss)) and not math.isfinite(float(step.norms[0] or 0))
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.named_parameters())
    assert scaler.get_scale() == 2.0**126 and schedule.last_epoch == 1
    momenta = [optimizer.state[each]["momentum_buffer"] for each in model.parameters()]
    assert all(torch.equal(each, torch.zeros_like(each)) for each in momenta)
    scaler.update(new_scale=2.0**8)
    step = take_step(net, batch)
    assert math.isfinite(float(step.norms[0] or math.inf))
    assert any(not torch.equal(tensor, before[name]) for name, tensor in model.named_parameters())
    for _ in range(8):
        take_step(net, batch)
    assert schedule.get_last_lr()[0] == pytest.approx(0, abs=1e-12)
    assert make_scaler("bf16", CPU).state_dict() == {}
