"""Writer of what an epoch leaves: its files, its rows of the run table, its checkpoint.

On a card a thread writes while the next epoch trains, from a copy of the weights on the host."""

import copy
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from engine.datasets.provenance import TrainedOn, save_trained_on
from engine.time_line import Phase
from engine.training.checkpoint import save_checkpoint
from engine.training.context import Log, RunContext
from engine.training.epoch_files import EpochFiles
from engine.training.measure import Choice, EpochResult, early_line, epoch_line
from engine.training.recorder import Recorder

BESIDE = ("cuda",)
"""Types of devices beside which a thread writes. On the CPU it takes the cores that train: a run of four short epochs
took a tenth longer with it (docs/LOG.md)."""
CHECKPOINT_EVERY_S = 60.0
CHECKPOINT_MAX_SHARE = 0.02
"""Largest share of the time that checkpoints within an epoch may take."""

State = dict[str, Any]


@dataclass(frozen=True)
class FinishedEpoch:
    """Epoch that has been trained and measured."""

    measured: EpochResult
    best: Choice | None
    """Best epoch so far."""
    is_new_best: bool
    is_last: bool
    state: State
    """Content of its checkpoint."""


class NoWriter:
    """Writer of a process that leads no group: all is written by the one that does."""

    def begin(self, best: Choice | None, provenance: TrainedOn | None, recorder: Recorder) -> None:
        """Settle what an earlier attempt left; save the images that the weights were trained on, where it is new."""

    def finish(self, epoch: FinishedEpoch, recorder: Recorder) -> None:
        """Write an epoch, or begin to, once the one before is written; the last epoch is written on return."""

    def save(self, state: State, recorder: Recorder) -> None:
        """Write a checkpoint within an epoch, or begin to."""

    def end(self, recorder: Recorder) -> None:
        """Remove what only a run in training needs; called when all is trained."""

    def is_due(self) -> bool:
        """Return True where it is time for a checkpoint within the epoch, and none is being written."""
        return False

    def check(self) -> None:
        """Raise the error of writing that has failed; does not wait."""

    def wait(self) -> None:
        """Wait until all is written; raise its error."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: TracebackType | None) -> None:
        pass


class EpochWriter(NoWriter):
    """Writes one epoch after the other; use it as a context, which ends when all is written.

    An error of writing beside the training is raised by the next call of any method."""

    def __init__(self, context: RunContext, files: EpochFiles, log: Log) -> None:
        """Write for the run of `context`; `log` gets a line for each epoch."""
        self._context, self._files, self._log = context, files, log
        self._pool = ThreadPoolExecutor(1, "writer") if context.device.type in BESIDE else None
        self._job: Future[None] | None = None
        self._saved_at, self._save_cost_s = time.monotonic(), 0.0

    def begin(self, best: Choice | None, provenance: TrainedOn | None, recorder: Recorder) -> None:
        self._files.settle(best, recorder.fence)
        if provenance is not None:
            save_trained_on(self._context.paths.trained_on, provenance, fence=recorder.fence)

    def finish(self, epoch: FinishedEpoch, recorder: Recorder) -> None:
        self.wait()
        if self._pool is None or epoch.is_last:
            self._write(epoch, recorder)
        else:
            self._begin(partial(self._write, replace(epoch, state=self._copied(epoch.state)), recorder))

    def save(self, state: State, recorder: Recorder) -> None:
        self.wait()
        if self._pool is None:
            self._save(state, recorder)
        else:
            self._begin(partial(self._save, self._copied(state), recorder))

    def end(self, recorder: Recorder) -> None:
        self.wait()
        with recorder.fence():
            self._context.paths.last_before.unlink(missing_ok=True)

    def is_due(self) -> bool:
        if self._job is not None and not self._job.done():
            return False
        elapsed_s = time.monotonic() - self._saved_at
        return elapsed_s > max(CHECKPOINT_EVERY_S, self._save_cost_s / CHECKPOINT_MAX_SHARE)

    def check(self) -> None:
        if self._job is not None and self._job.done():
            self.wait()

    def wait(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            with self._context.clock.phase(Phase.CHECKPOINTS):
                job.result()

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: TracebackType | None) -> None:
        if error is None:
            self.wait()
        elif self._job is not None:
            wait([self._job])  # the error that ends the training is the one to tell
            self._job = None

    def _begin(self, write: "partial[None]") -> None:
        assert self._pool is not None

        def beside() -> None:
            with self._context.clock.beside():
                write()

        self._job = self._pool.submit(beside)

    def _copied(self, state: State) -> State:
        with self._context.clock.phase(Phase.CHECKPOINTS):
            copied: State = copy_to_host(state)
            if self._context.device.type == "cuda":
                torch.cuda.synchronize(self._context.device)
        return copied

    def _write(self, epoch: FinishedEpoch, recorder: Recorder) -> None:
        """Write the files, record the epoch, checkpoint, and only then move the best epoch's files to their places.

        After a kill at any point of this order the end of the epoch is repeated, and no file is missing or newer than
        the checkpoint."""
        measured, best, files, spec = epoch.measured, epoch.best, self._files, self._context.spec
        if best is not None and epoch.is_new_best:
            files.write_best(measured, best, epoch.state["model"], recorder.fence)
        if line := files.append(measured, recorder.fence):
            self._log(line)
        if epoch.is_last:
            files.write_last(measured, recorder.fence)
        recorder.epoch(measured, best, last=epoch.is_last)
        self._log(epoch_line(measured, spec.epochs))
        if epoch.is_last and measured.epoch < spec.epochs:
            self._log(early_line(measured.epoch, best, spec.select_on))
        self._save(epoch.state, recorder)
        files.settle(best, recorder.fence)

    def _save(self, state: State, recorder: Recorder) -> None:
        began = time.monotonic()
        with self._context.clock.phase(Phase.CHECKPOINTS):
            save_checkpoint(self._context.paths, state, fence=recorder.fence)
        recorder.checkpoint()
        self._saved_at = time.monotonic()
        self._save_cost_s = self._saved_at - began


def make_writer(context: RunContext, files: EpochFiles, log: Log) -> NoWriter:
    """Return the writer of this process; `log` gets a line for each epoch."""
    return EpochWriter(context, files, log) if context.group.leads else NoWriter()


def copy_to_host(value: Any) -> Any:
    """Copy a checkpoint's content, tensors in their order of memory to the host: from a card into pinned memory, which
    holds them once the card has been waited for. Containers keep their types and attributes."""
    if isinstance(value, Tensor):
        return torch.empty_like(value, device="cpu", pin_memory=value.is_cuda).copy_(
            value, non_blocking=value.is_cuda
        )
    if isinstance(value, dict):
        copied = copy.copy(value)
        copied.update((key, copy_to_host(each)) for key, each in value.items())
        return copied
    if isinstance(value, list | tuple):
        return type(value)(map(copy_to_host, value))
    return value
