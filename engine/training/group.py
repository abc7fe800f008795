"""Group of the processes that train one run: one alone, or several that share each batch."""

import gc
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

from engine.recipes.batch_parts import ALONE, Ranks
from engine.training.whole_batch_norm import with_whole_batch_norm

T = TypeVar("T")
Forward = Callable[[Tensor], Tensor]
PATIENCE = timedelta(days=7)
"""Time that a process waits for the others, of which the first may pack images or wait for the run table. A process
that has ended is noticed at once: its connections close."""
CARD_PATIENCE = timedelta(hours=2)
"""The same between cards, where the loss of a process is not noticed: the agent ends the others."""
BROKEN = ("gloo", "NCCL", "Connection closed by peer", "process group")
"""Texts of errors for a group that lacks a process."""


class GroupBroken(Exception):
    """Error for a group of which another process has ended: the run goes on from its checkpoint in another attempt."""


class Group:
    """Process that trains a run alone. Every method is the plain thing that `SharedGroup` does among several."""

    ranks: Ranks = ALONE

    @property
    def leads(self) -> bool:
        """True for the one process that writes files and the run table."""
        return self.ranks.rank == 0

    @property
    def size(self) -> int:
        return self.ranks.size

    def leader_first(self) -> AbstractContextManager[None]:
        """Return the context of what the first process does before the others, such as packing images."""
        return nullcontext()

    def told(self, value: T) -> T:
        """Return the first process's value in every process."""
        return value

    def agreed(self, flags: int) -> int:
        """Return the first process's flags, for every process; called once a step."""
        return flags

    def forward(self, model: nn.Module, forward: Forward, *, may_skip: bool) -> Forward:
        """Return the forward pass of training whose backward pass leaves the gradient of the whole batch.

        `may_skip`: a pass may leave out parameters that learn."""
        return forward

    def exchange(self, forward: Forward, *, now: bool) -> AbstractContextManager[None]:
        """Return the context of a pass whose gradients are exchanged only where `now` is True."""
        return nullcontext()

    def scaled(self, loss: Tensor) -> Tensor:
        """Return the loss as the backward pass needs it: the exchange takes the mean over the processes."""
        return loss

    def over_all(
        self, model: nn.Module, loss: Tensor, correct: Tensor, *, counts: bool
    ) -> tuple[Tensor, Tensor]:
        """Return loss and correct predictions of the whole batch; `counts` is False where another counts the images.

        The running statistics of BatchNorm become their mean over the processes, so that all hold the same network
        after each step, and those of a checkpoint do not depend on when it is written."""
        return loss, correct

    def with_whole_batch_norm(self, model: nn.Module) -> nn.Module:
        """Return the network with a BatchNorm that takes its statistics over the parts of all processes."""
        return model

    def joined(self, parts: Sequence[Tensor], places: Sequence[slice], empty: Tensor) -> Tensor:
        """Return the parts of all processes in their order; `empty` has their type and width and no rows."""
        return torch.cat([*parts]) if parts else empty

    def joules(self, used: float | None) -> float | None:
        """Return the energy of all devices of the group."""
        return used

    def wait_for_all(self) -> None:
        """Wait until every process has come here."""

    def is_broken_by(self, error: BaseException) -> bool:
        """Return True for an error that only tells that another process has ended."""
        return False


SINGLE = Group()


class SharedForward:
    """Forward pass through DistributedDataParallel, built anew when other parameters learn."""

    def __init__(self, model: nn.Module, group: Any, device: torch.device, *, may_skip: bool) -> None:
        self._model, self._group, self._device, self._may_skip = model, group, device, may_skip
        self._learning: tuple[bool, ...] = ()
        self._wrapped: DistributedDataParallel | None = None

    def __call__(self, images: Tensor) -> Tensor:
        outputs: Tensor = self.wrapped()(images)
        return outputs

    def wrapped(self) -> DistributedDataParallel:
        """Return the wrapper for the parameters that learn now."""
        learning = tuple(each.requires_grad for each in self._model.parameters())
        if self._wrapped is None or learning != self._learning:
            self._wrapped = None
            gc.collect()  # the hooks of the one before end with it
            self._wrapped, self._learning = self._wrap(), learning
        return self._wrapped

    def _wrap(self) -> DistributedDataParallel:
        on_card = self._device.type == "cuda"
        with warnings.catch_warnings():
            # The option's other name is unknown to older versions of torch.
            warnings.filterwarnings("ignore", "`broadcast_buffers`", FutureWarning)
            return DistributedDataParallel(
                self._model,
                device_ids=[self._device] if on_card else None,
                process_group=self._group,
                broadcast_buffers=False,  # `over_all` shares them
                find_unused_parameters=self._may_skip,
            )


class SharedGroup(Group):
    """One of several processes of a run."""

    def __init__(self, ranks: Ranks, device: torch.device, meeting: Path) -> None:
        """Meet the other processes through the file `meeting`; waits until all are there."""
        self.ranks, self._device = ranks, device
        store = dist.FileStore(str(meeting), ranks.size)  # type: ignore[attr-defined]
        dist.init_process_group("gloo", store=store, rank=ranks.rank, world_size=ranks.size, timeout=PATIENCE)
        self._between: Any = dist.group.WORLD
        """Group of torch in which tensors on the device are exchanged; words go through the processors."""
        if device.type == "cuda":
            torch.cuda.set_device(device)
            self._between = dist.new_group(backend="nccl", timeout=CARD_PATIENCE)

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        if not self.leads:
            self.wait_for_all()
        yield
        if self.leads:
            self.wait_for_all()

    def told(self, value: T) -> T:
        found: list[Any] = [value]
        dist.broadcast_object_list(found, src=0)
        told: T = found[0]
        return told

    def agreed(self, flags: int) -> int:
        word = torch.tensor(flags)
        dist.broadcast(word, src=0)
        return int(word)

    def forward(self, model: nn.Module, forward: Forward, *, may_skip: bool) -> Forward:
        return SharedForward(model, self._between, self._device, may_skip=may_skip)

    def exchange(self, forward: Forward, *, now: bool) -> AbstractContextManager[None]:
        assert isinstance(forward, SharedForward)
        later: AbstractContextManager[None] = nullcontext() if now else forward.wrapped().no_sync()
        return later

    def scaled(self, loss: Tensor) -> Tensor:
        return loss * self.size

    def over_all(
        self, model: nn.Module, loss: Tensor, correct: Tensor, *, counts: bool
    ) -> tuple[Tensor, Tensor]:
        statistics = _running_statistics(model)
        row = torch.stack([loss.float(), (correct if counts else torch.zeros_like(correct)).float()])
        flat = torch.cat([row, *(each.flatten() for each in statistics)])
        dist.all_reduce(flat, group=self._between)
        place = len(row)
        for each in statistics:
            each.copy_(flat[place : place + each.numel()].view_as(each) / self.size)
            place += each.numel()
        return flat[0], flat[1]

    def with_whole_batch_norm(self, model: nn.Module) -> nn.Module:
        def add_up(sums: Tensor) -> None:
            dist.all_reduce(sums, group=self._between)

        return with_whole_batch_norm(model, add_up, self.ranks.rank, self.size)

    def joined(self, parts: Sequence[Tensor], places: Sequence[slice], empty: Tensor) -> Tensor:
        stop = torch.tensor(max((place.stop for place in places), default=0))
        dist.all_reduce(stop, dist.ReduceOp.MAX)
        whole = empty.new_zeros((int(stop), *empty.shape[1:]))
        for part, place in zip(parts, places, strict=True):
            whole[place] = part
        dist.all_reduce(whole, group=self._between)
        return whole

    def joules(self, used: float | None) -> float | None:
        """Sum the cards; the processors' counters count for all processes already."""
        if self._device.type != "cuda":
            return self.told(used)
        found: list[float | None] = [None] * self.size
        dist.all_gather_object(found, used)
        known = [each for each in found if each is not None]
        return sum(known) if len(known) == self.size else None

    def wait_for_all(self) -> None:
        dist.all_reduce(torch.zeros(1))

    def is_broken_by(self, error: BaseException) -> bool:
        is_of_torch = isinstance(error, dist.DistError)
        return is_of_torch or (isinstance(error, RuntimeError) and any(sign in str(error) for sign in BROKEN))


def _running_statistics(model: nn.Module) -> list[Tensor]:
    """Return the statistics that a training step has moved; not those of layers in evaluation mode."""
    layers = [each for each in model.modules() if isinstance(each, _BatchNorm) and each.training]
    found = [(each.running_mean, each.running_var) for each in layers if each.track_running_stats]
    return [tensor for pair in found for tensor in pair if tensor is not None]
