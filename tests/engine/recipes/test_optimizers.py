"""Optimisers: torch's own, bit by bit, though they do not load its compiler."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from engine.recipes.optimizers import without_compiler

KINDS: list[tuple[type[Optimizer], dict[str, Any]]] = [
    (SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4, "nesterov": True}),
    (AdamW, {"lr": 0.01, "weight_decay": 0.1}),
    (Adam, {"lr": 0.01, "weight_decay": 0.1}),
]


def steps(kind: type[Optimizer], settings: dict[str, Any]) -> tuple[list[float], dict[str, Any], int]:
    """Take three steps, the last after a reload of the state; return the weights, the state and the hooks' calls."""
    torch.manual_seed(0)
    layer, images = nn.Linear(7, 3), torch.randn(5, 7)
    optimizer = kind(layer.parameters(), **settings, fused=True)
    calls: list[object] = []
    optimizer.register_step_post_hook(lambda *_: calls.append(None))
    for step in range(3):
        optimizer.zero_grad()
        layer(images).square().mean().backward()
        optimizer.step()
        if step == 1:
            optimizer.load_state_dict(optimizer.state_dict())
    return layer.weight.flatten().tolist(), optimizer.state_dict(), len(calls)


@pytest.mark.parametrize(("kind", "settings"), KINDS)
def test_an_optimiser_without_compiler_is_torchs_own(kind: type[Optimizer], settings: dict[str, Any]) -> None:
    ours, torchs = steps(without_compiler(kind), settings), steps(kind, settings)
    assert ours[0] == torchs[0] and ours[2] == torchs[2] == 3
    assert ours[1]["param_groups"] == torchs[1]["param_groups"]
    for number, state in torchs[1]["state"].items():
        assert all(torch.equal(value, ours[1]["state"][number][key]) for key, value in state.items())


def test_a_step_leaves_gradients_on_for_its_caller() -> None:
    weight = nn.Parameter(torch.ones(1))
    optimizer = without_compiler(SGD)([weight], lr=0.1)
    (weight * 2).backward()
    optimizer.step()
    assert torch.is_grad_enabled() and weight.is_leaf and weight.requires_grad
