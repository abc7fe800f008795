"""BatchNorm whose statistics are of a whole batch that several processes share: the setting `sync_batchnorm`.

torch's own SyncBatchNorm runs on cards only; this one has the same formulas (Ioffe and Szegedy 2015, algorithm 1) and
runs wherever the processes can sum a tensor, so that it is tested without cards."""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

AddUp = Callable[[Tensor], None]
"""Replaces a tensor by its sum over the processes."""


PLAIN = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
"""Layers that are replaced."""


class WholeBatchNorm(_BatchNorm):
    """BatchNorm of any number of dimensions that takes over the parameters and statistics of another."""

    def __init__(self, layer: _BatchNorm, add_up: AddUp, rank: int, size: int) -> None:
        super().__init__(
            layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats
        )
        for name in (*self._parameters, *self._buffers):
            setattr(self, name, getattr(layer, name))
        self.train(layer.training)
        self._add_up, self._rank, self._size = add_up, rank, size

    def forward(self, images: Tensor) -> Tensor:
        """Normalise N×C×… over the images of all processes while training."""
        if not self.training:
            return super().forward(images)
        mean, variance, values = self._moments(images.detach())
        self._follow(mean, variance, values)
        scale = torch.rsqrt(variance + self.eps)
        found = _Normalise.apply(images, self.weight, self.bias, mean, scale, values, self._add_up)
        return cast(Tensor, found)

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002 (torch names it so)
        """Take any number of dimensions, as the layer that it stands for checks no more than that."""

    def _moments(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return mean and variance of each channel over all processes, and how many values they are of.

        Those of the parts are put together after Chan, Golub and LeVeque 1979: squares of values would cancel out."""
        variance, mean = torch.var_mean(images.float(), _but_channels(images), correction=0)
        count = mean.new_full((1,), images.numel() / images.shape[1])
        parts = mean.new_zeros(self._size, 2 * len(mean) + 1)
        parts[self._rank] = torch.cat([mean, variance, count])
        self._add_up(parts)
        channels = len(mean)
        means, variances, counts = parts[:, :channels], parts[:, channels:-1], parts[:, -1:]
        values = counts.sum()
        whole = (means * counts).sum(0) / values
        return whole, ((variances + (means - whole).square()) * counts).sum(0) / values, values

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor, values: Tensor) -> None:
        """Move the running statistics as torch's BatchNorm does: by the variance of a sample."""
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        by = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean), by)
        of_sample = variance * values / (values - 1).clamp(min=1)
        self.running_var.lerp_(of_sample.to(self.running_var), by)


class _Normalise(torch.autograd.Function):
    """(x − mean) · scale · weight + bias, where mean and scale are functions of the x of all processes."""

    @staticmethod
    def forward(
        context: Any,
        images: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        mean: Tensor,
        scale: Tensor,
        values: Tensor,
        add_up: AddUp,
    ) -> Tensor:
        context.save_for_backward(images, weight, mean, scale, values)
        context.add_up = add_up
        as_channels = _shape(images)
        found = (images.float() - mean.view(as_channels)) * scale.view(as_channels)
        if weight is not None and bias is not None:
            found = found * weight.view(as_channels) + bias.view(as_channels)
        return found.to(images.dtype)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        images, weight, mean, scale, values = context.saved_tensors
        gradient, as_channels, rest = gradients[0].float(), _shape(images), _but_channels(images)
        normalised = (images.float() - mean.view(as_channels)) * scale.view(as_channels)
        of_bias, of_weight = gradient.sum(rest), (gradient * normalised).sum(rest)
        sums = torch.stack([of_bias, of_weight])
        context.add_up(sums)
        through_mean, through_scale = (sums / values).unbind()
        of_images = gradient - through_mean.view(as_channels) - normalised * through_scale.view(as_channels)
        factor = scale if weight is None else scale * weight
        of_images = (of_images * factor.view(as_channels)).to(images.dtype)
        of_parameters = (None, None) if weight is None else (of_weight, of_bias)
        return of_images, *of_parameters, None, None, None, None


def with_whole_batch_norm(model: nn.Module, add_up: AddUp, rank: int, size: int) -> nn.Module:
    """Replace every BatchNorm of a network that process `rank` of `size` trains; the names of its weights stay.

    A plug-in's own kind of it is left alone."""
    if isinstance(model, _BatchNorm) and type(model) in PLAIN:
        return WholeBatchNorm(model, add_up, rank, size)
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, _BatchNorm) and type(child) in PLAIN:
                setattr(module, name, WholeBatchNorm(child, add_up, rank, size))
    return model


def _but_channels(images: Tensor) -> list[int]:
    return [dimension for dimension in range(images.dim()) if dimension != 1]


def _shape(images: Tensor) -> list[int]:
    return [-1 if dimension == 1 else 1 for dimension in range(images.dim())]
