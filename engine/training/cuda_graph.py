"""Forward and backward pass of whole batches, recorded once on the card as a CUDA graph and replayed.

At a batch of 32 a card waits most of the time for its next kernel to be started; a replay starts them all at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

Answers = tuple[Tensor, Tensor]
"""A batch's mean loss, and its images answered right."""
Compute = Callable[[Tensor, Tensor], Answers]
"""Takes images and labels, leaves the gradients with the parameters."""
WARM_UPS = 3
"""Passes before recording, in which libraries choose their algorithms, as torch's documentation has it."""


class Recorder(Protocol):
    def __call__(self, run: Callable[[], Answers], model: nn.Module) -> tuple[Callable[[], object], Answers]:
        """Record a run: what replays it, and the tensors that each replay writes anew. The model's gradients are
        then those that a replay writes."""
        ...


@dataclass(frozen=True)
class Recorded:
    replay: Callable[[], object]
    images: Tensor
    labels: Tensor
    gradients: list[Tensor | None]
    answers: Answers


class Replay:
    """Stands in for the passes of one size of batch while all parameters learn; anything else is to be computed step
    by step."""

    def __init__(self, batch_size: int, log: Callable[[str], None], recorder: Recorder | None = None) -> None:
        self._batch_size, self._log = batch_size, log
        self._record: Recorder = recorder or record_cuda
        self._recorded: Recorded | None = None
        self._refused = False

    def takes(self, model: nn.Module, images: Tensor) -> bool:
        if self._refused or len(images) != self._batch_size:
            return False
        return all(each.requires_grad for each in model.parameters())

    def __call__(self, model: nn.Module, compute: Compute, images: Tensor, labels: Tensor) -> Answers:
        """The loss and the right answers of the batch, whose gradients are then the parameters'. Only the next call
        overwrites them. Raises what `compute` raises."""
        if self._recorded is None:
            self._recorded = self._try(model, compute, images, labels)
        found = self._recorded
        if found is None:
            return compute(images, labels)
        found.images.copy_(images)
        found.labels.copy_(labels)
        for parameter, gradient in zip(model.parameters(), found.gradients, strict=True):
            parameter.grad = gradient
        found.replay()
        loss, right = found.answers
        return loss.clone(), right.clone()

    def forget(self) -> None:
        """Give the recording's memory back."""
        self._recorded = None

    def _try(self, model: nn.Module, compute: Compute, images: Tensor, labels: Tensor) -> Recorded | None:
        """None, said in the log, where the card does not record it: the run is then trained without."""
        held, truth = images.clone(), labels.clone()
        with _buffers_kept(model):
            compute(held, truth)  # what fails here would fail without a recording too
            try:
                replay, answers = self._record(lambda: compute(held, truth), model)
            except RuntimeError as error:
                self._refused = True
                _clear_gradients(model)
                reason = next(iter(str(error).splitlines()), type(error).__name__)
                self._log(f"not replayed as a CUDA graph: {reason}")
                return None
        gradients = [parameter.grad for parameter in model.parameters()]
        return Recorded(replay, held, truth, gradients, answers)


def record_cuda(run: Callable[[], Answers], model: nn.Module) -> tuple[Callable[[], object], Answers]:
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UPS):
            _clear_gradients(model)
            run()
    torch.cuda.current_stream().wait_stream(side)
    _clear_gradients(model)
    graph = torch.cuda.CUDAGraph()
    # The thread that feeds the card goes on beside it.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        answers = run()
    return graph.replay, answers


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    """What runs within moves no BatchNorm statistics."""
    kept = [each.clone() for each in model.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in zip(model.buffers(), kept, strict=True):
                buffer.copy_(before)


def _clear_gradients(model: nn.Module) -> None:
    for parameter in model.parameters():
        parameter.grad = None
