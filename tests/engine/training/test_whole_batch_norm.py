"""WholeBatchNorm against torch's BatchNorm; tests/engine/training/test_group.py trains with it in two processes."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from engine.training.whole_batch_norm import WholeBatchNorm, with_whole_batch_norm

IMAGES, PLACES = (6, 4, 5, 3), (7, 4)


def leave(_sums: Tensor) -> None:
    """Add nothing up, as the only process."""


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm2d(4), IMAGES),
        (nn.BatchNorm2d(4, momentum=None, eps=1e-3), IMAGES),
        (nn.BatchNorm2d(4, affine=False), IMAGES),
        (nn.BatchNorm2d(4, track_running_stats=False), IMAGES),
        (nn.BatchNorm1d(4), PLACES),
    ],
    ids=("plain", "cumulative", "no parameters", "no statistics", "one dimension"),
)
def test_alone_it_is_batch_norm(layer: _BatchNorm, shape: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    whole = WholeBatchNorm(copy.deepcopy(layer), leave, rank=0, size=1)
    assert whole.state_dict().keys() == layer.state_dict().keys()
    for trains in (True, True, False):
        layer.train(trains)
        whole.train(trains)
        images, factors = torch.randn(shape) * 3 + 40, torch.randn(shape)
        mine, theirs = images.clone().requires_grad_(), images.clone().requires_grad_()
        found, expected = whole(mine), layer(theirs)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        (found * factors).sum().backward()
        (expected * factors).sum().backward()
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-4, atol=1e-5)
    for name, tensor in layer.state_dict().items():
        torch.testing.assert_close(whole.state_dict()[name], tensor, rtol=1e-5, atol=1e-5)
    for one, other in zip(whole.parameters(), layer.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-4)


def test_half_precision_comes_out_as_it_went_in() -> None:
    layer = WholeBatchNorm(nn.BatchNorm2d(4), leave, rank=0, size=1)
    images = torch.randn(IMAGES).to(torch.bfloat16).requires_grad_()
    found = layer(images)
    found.sum().backward()
    assert found.dtype == torch.bfloat16 and images.grad is not None and images.grad.dtype == torch.bfloat16


def test_every_batch_norm_is_replaced_and_no_weight_renamed() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Sequential(nn.BatchNorm2d(4), nn.ReLU()), nn.BatchNorm2d(4))
    before = {name: tensor.data_ptr() for name, tensor in model.state_dict().items()}
    changed = with_whole_batch_norm(model, leave, 0, 1)
    assert sum(isinstance(each, WholeBatchNorm) for each in changed.modules()) == 2
    assert not any(type(each) is nn.BatchNorm2d for each in changed.modules())
    assert {name: tensor.data_ptr() for name, tensor in changed.state_dict().items()} == before
    assert isinstance(with_whole_batch_norm(nn.BatchNorm2d(4), leave, 0, 1), WholeBatchNorm)
