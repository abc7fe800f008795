"""CUDA graph of the forward and backward pass of the usual batches: captured once, then replayed.

At a batch size of 32 a card spends most of its time waiting for kernel launches; a replay launches all kernels at
once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

LossAndCorrect = tuple[Tensor, Tensor]
"""Mean loss of a batch, and the number of its images predicted correctly."""
Compute = Callable[[Tensor, Tensor], LossAndCorrect]
"""Function of images and labels that also leaves the gradients in the parameters."""
WARM_UPS = 3
"""Passes before the capture, in which libraries choose their algorithms, as torch's documentation recommends."""


class Capture(Protocol):
    """Function that captures a pass as a CUDA graph."""

    def __call__(
        self, run: Callable[[], LossAndCorrect], model: nn.Module
    ) -> tuple[Callable[[], object], LossAndCorrect]:
        """Capture `run`; return the function that replays it, and the tensors that each replay overwrites.

        The model's gradients are afterwards the tensors that a replay overwrites."""
        ...


@dataclass(frozen=True)
class Captured:
    """Captured pass with its input and output tensors."""

    replay: Callable[[], object]
    images: Tensor
    labels: Tensor
    gradients: list[Tensor | None]
    result: LossAndCorrect


class Replay:
    """Replay of the passes of one batch size while all parameters are trained.

    Other batches are computed without a graph."""

    def __init__(self, batch_size: int, log: Callable[[str], None], capture: Capture | None = None) -> None:
        self._batch_size, self._log = batch_size, log
        self._capture: Capture = capture or capture_cuda
        self._captured: Captured | None = None
        self._refused = False

    def takes(self, model: nn.Module, images: Tensor) -> bool:
        """Return True where this batch can be replayed."""
        if self._refused or len(images) != self._batch_size:
            return False
        return all(each.requires_grad for each in model.parameters())

    def __call__(self, model: nn.Module, compute: Compute, images: Tensor, labels: Tensor) -> LossAndCorrect:
        """Return a batch's mean loss and correct predictions; the parameters then have its gradients.

        The gradients are valid until the next call. Raises the errors of `compute`."""
        if self._captured is None:
            self._captured = self._try(model, compute, images, labels)
        found = self._captured
        if found is None:
            return compute(images, labels)
        found.images.copy_(images)
        found.labels.copy_(labels)
        for parameter, gradient in zip(model.parameters(), found.gradients, strict=True):
            parameter.grad = gradient
        found.replay()
        loss, correct = found.result
        return loss.clone(), correct.clone()

    def forget(self) -> None:
        """Free the memory of the captured graph."""
        self._captured = None

    def _try(self, model: nn.Module, compute: Compute, images: Tensor, labels: Tensor) -> Captured | None:
        """Capture the pass; where the capture fails, log the reason and return None: the run trains without it."""
        held, truth = images.clone(), labels.clone()
        with _buffers_kept(model):
            compute(held, truth)  # an error here would also occur without a graph
            try:
                replay, result = self._capture(lambda: compute(held, truth), model)
            except RuntimeError as error:
                self._refused = True
                _clear_gradients(model)
                reason = next(iter(str(error).splitlines()), type(error).__name__)
                self._log(f"not replayed as a CUDA graph: {reason}")
                return None
        gradients = [parameter.grad for parameter in model.parameters()]
        return Captured(replay, held, truth, gradients, result)


def capture_cuda(
    run: Callable[[], LossAndCorrect], model: nn.Module
) -> tuple[Callable[[], object], LossAndCorrect]:
    """Capture a pass as a CUDA graph, as `Capture` describes."""
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UPS):
            _clear_gradients(model)
            run()
    torch.cuda.current_stream().wait_stream(side)
    _clear_gradients(model)
    graph = torch.cuda.CUDAGraph()
    # thread_local: the thread that copies images to the card continues during the capture.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        result = run()
    return graph.replay, result


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    """Restore the buffers (BatchNorm's statistics) on exit."""
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
