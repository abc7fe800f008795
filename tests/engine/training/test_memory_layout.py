"""Layouts of a network: the same function in each, chosen for a run that begins, kept by one that goes on."""

from typing import Any

import pytest
import torch
from sessions import CPU
from torch import Tensor, nn
from torch.nn import functional

from engine.models.resnet import build_model
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.training.environment import begun_layout
from engine.training.memory_layout import CHANNELS_LAST, PLAIN, Layout, choose_layout, lay_out, one_order

CUDA = torch.device("cuda", 0)


def spec(**values: object) -> RunSpec:
    return make_spec({"data": "digits", "image_size": 64} | values)


def outputs_and_gradients(layout: Layout) -> tuple[Tensor, dict[str, Tensor], nn.Module]:
    """In float64, where the order of sums changes nothing that a test would see."""
    model = lay_out(build_model("resnet18", 3, seed=1).double(), layout, CPU)
    generator = torch.Generator().manual_seed(2)
    images = torch.randn(4, 3, 64, 64, generator=generator, dtype=torch.float64)
    outputs = model(images.contiguous(memory_format=layout.images))
    functional.cross_entropy(outputs, torch.tensor([0, 1, 2, 0])).backward()
    return (
        outputs,
        {name: each.grad for name, each in model.named_parameters() if each.grad is not None},
        model,
    )


@pytest.mark.parametrize("stages", [1, 2, 3, 4, 5])
def test_a_network_computes_the_same_in_every_layout(stages: int) -> None:
    plain, expected, _ = outputs_and_gradients(PLAIN)
    outputs, gradients, model = outputs_and_gradients(Layout(stages))
    torch.testing.assert_close(outputs, plain, rtol=1e-9, atol=1e-12)
    assert gradients.keys() == expected.keys() == dict(model.named_parameters()).keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-6, atol=1e-9)


def test_activations_change_their_order_between_two_stages_and_gradients_back() -> None:
    seen: dict[str, bool] = {}

    def note(name: str) -> Any:
        def noted(_module: nn.Module, _given: object, output: Tensor) -> None:
            seen[name] = output.is_contiguous(memory_format=torch.channels_last)
            output.register_hook(
                lambda gradient: seen.update(
                    {f"{name} back": gradient.is_contiguous(memory_format=torch.channels_last)}
                )
            )

        return noted

    model = lay_out(build_model("resnet18", 3, seed=1), Layout(3), CPU)
    for number in range(1, 5):
        getattr(model, f"layer{number}").register_forward_hook(note(f"layer{number}"))
    model(torch.randn(2, 3, 64, 64).contiguous(memory_format=torch.channels_last)).sum().backward()
    orders = {f"layer{number}": number <= 2 for number in range(1, 5)}
    assert {name: seen[name] for name in orders} == orders
    assert seen["layer2 back"] and not seen["layer3 back"]


@pytest.mark.parametrize(
    ("settings", "device", "layout"),
    [
        ({}, CPU, Layout(3)),
        ({"image_size": 48}, CPU, Layout(3)),
        ({"image_size": 47}, CPU, Layout(2)),
        ({"image_size": 96}, CPU, Layout(4)),
        ({"image_size": 160}, CPU, CHANNELS_LAST),
        ({"arch": "resnet50", "implementation": "torchvision"}, CPU, Layout(3)),
        ({"arch": "resnet50", "image_size": 96}, CPU, CHANNELS_LAST),
        ({"compile": True}, CPU, PLAIN),
        ({"arch": "my.py:net"}, CPU, PLAIN),
        ({"arch": "my.py:net", "image_size": 96}, CPU, CHANNELS_LAST),
        ({}, CUDA, CHANNELS_LAST),
    ],
)
def test_a_run_that_begins_takes_channels_last_as_far_as_it_pays(
    settings: dict[str, object], device: torch.device, layout: Layout
) -> None:
    assert choose_layout(spec(**settings), "fp32", device) == layout


def test_one_order_is_that_of_earlier_versions() -> None:
    assert one_order(95, "fp32", CPU) == PLAIN and one_order(96, "fp32", CPU) == CHANNELS_LAST
    assert one_order(95, "bf16", CPU) == one_order(95, "fp32", CUDA) == CHANNELS_LAST


def test_a_run_that_goes_on_keeps_the_layout_that_it_began_with() -> None:
    assert begun_layout({}, spec(), CPU) is None
    assert begun_layout({"precision": "fp32", "channels_last_stages": 2}, spec(), CPU) == Layout(2)
    assert begun_layout({"precision": "fp32"}, spec(), CPU) == PLAIN, "begun by a version that knew one order"
    assert begun_layout({"precision": "bf16"}, spec(), CPU) == CHANNELS_LAST
    elsewhere = {"precision": "fp32", "channels_last_stages": 5, "device": "cuda:0"}
    assert begun_layout(elsewhere, spec(), CPU) is None
    assert begun_layout({**elsewhere, "device": "cpu"}, spec(), CPU) == CHANNELS_LAST
