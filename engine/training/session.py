"""Session: one run in training, from its newest checkpoint to its last epoch. Does not use the database."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.hardware.device_choice import card_uuid
from engine.hardware.energy import energy_meter
from engine.metrics.evaluation import Evaluation
from engine.spec.constants import EVALUATED_TRAIN_IMAGES
from engine.time_line import Phase
from engine.training.checkpoint import PARTITION, all_finite
from engine.training.context import RunContext
from engine.training.epoch_files import EpochFiles
from engine.training.epoch_sums import EpochSums
from engine.training.epoch_writer import FinishedEpoch, make_writer
from engine.training.loop import evaluate, train_one_epoch
from engine.training.loss_curve import Diverged, LossBuckets
from engine.training.measure import Choice, EpochResult, better, measure, with_train_images
from engine.training.out_of_memory import is_card_full, out_of_memory, release
from engine.training.recorder import Recorder, ResumePoint
from engine.training.setup import set_up
from engine.training.step import lr_taken
from engine.training.step_profile import StepProfile

FLUSH_EVERY_S = 0.5


class Due(IntFlag):
    """Things due after a step; the first process of a group decides for all."""

    NOTHING = 0
    FLUSH = 1
    SAVE = 2
    STOP = 4


class Session:
    """State of a run in training."""

    def __init__(self, context: RunContext) -> None:
        """Set up data and network and load the newest checkpoint.

        Raises DataError, WeightsError; Stopped where `should_stop` returns True while images are packed."""
        self.context, self.spec, self.log, self.paths = context, context.spec, context.log, context.paths
        self.clock, self.group = context.clock, context.group
        with self.clock.phase(Phase.BUILDING), self.group.leader_first():
            ready = set_up(context)
        self.data, self.net, self.trained_on, self.leak = ready.data, ready.net, ready.trained_on, ready.leak
        self.resumed = ready.checkpoint is not None
        self.done_epochs, self.step = -1, 0
        self.best: Choice | None = None
        self.sums, self._profiles = EpochSums(), context.profiles
        self.buckets = LossBuckets(self.data.steps_per_epoch * self.spec.epochs)
        self._files = EpochFiles(context, self.data, self.net, self.trained_on.digest())
        self._writer = make_writer(context, self._files, lambda line: self.log(line))
        self._new_provenance = self.trained_on if ready.is_new_provenance else None
        self._energy = energy_meter(context.device.type, card_uuid(context.device))
        if ready.checkpoint is not None:
            with self.clock.phase(Phase.BUILDING):
                self._load(ready.checkpoint)

    def train(self, recorder: Recorder, should_stop: Callable[[], bool]) -> bool:
        """Train to the last epoch, or until patience ends the run; save and return False where it was stopped.

        Raises Diverged for a loss or weights that are not finite, OutOfMemory where a step does not fit into the card's
        memory, and the recorder's errors."""
        recorder.begin(self.data.index, self._resume_point())
        self._writer.begin(self.best, self._new_provenance, recorder)
        with self._writer:
            if finished := self._train_epochs(recorder, should_stop):
                self._writer.end(recorder)
        self.group.wait_for_all()
        return finished

    def _train_epochs(self, recorder: Recorder, should_stop: Callable[[], bool]) -> bool:
        if self.done_epochs < 0:
            if self._due(should_stop):
                return False
            self._finish_epoch(recorder)
        while not self._is_last(self.done_epochs):
            if self._due(should_stop) or not self._train_epoch(recorder, should_stop):
                self._flush(recorder)
                recorder.catch_up()
                self._save(recorder)
                return False
            self._finish_epoch(recorder)
        return True

    def _due(self, should_stop: Callable[[], bool], flushed_at: float = float("inf")) -> Due:
        """Return what is due, for all processes of the group: to stop, and where the last flush is too long ago, to
        flush and perhaps to save."""
        due = Due.STOP if should_stop() else Due.NOTHING
        if time.monotonic() - flushed_at > FLUSH_EVERY_S:
            due |= Due.FLUSH | (Due.SAVE if self._writer.is_due() else Due.NOTHING)
        return Due(self.group.agreed(due))

    def _resume_point(self) -> ResumePoint:
        return ResumePoint(
            epoch=self.done_epochs,
            best=self.best,
            steps_per_epoch=self.data.steps_per_epoch,
            bucket=self._global_step() // self.buckets.width,
            open_bucket=self.buckets.open_at(self._global_step()),
            width=self.buckets.width,
        )

    def _train_epoch(self, recorder: Recorder, should_stop: Callable[[], bool]) -> bool:
        self._energy.look()  # what was used between two epochs is not of training
        try:
            with self.clock.phase(Phase.TRAINING), closing(self._profile_of_steps()) as profile:
                return self._train_batches(recorder, should_stop, profile)
        finally:
            self.sums.add_energy(self._energy.look())

    def _train_batches(
        self, recorder: Recorder, should_stop: Callable[[], bool], profile: StepProfile
    ) -> bool:
        # The very first step of a run is shown at once.
        flushed_at = time.monotonic() if self._global_step() else 0.0

        def on_step() -> bool:
            nonlocal flushed_at
            self.step += 1
            self._writer.check()
            profile.step(recorder.fence)
            if self.step == self.data.steps_per_epoch:
                return False  # finish the epoch before stopping
            due = self._due(should_stop, flushed_at)
            if Due.FLUSH in due:
                self._flush(recorder)
                if self._energy.begins_again:
                    self.sums.add_energy(self._energy.look())
                if Due.SAVE in due:
                    self._save(recorder)
                flushed_at = time.monotonic()
            return Due.STOP in due

        batches = self.data.batches.train(
            self.data.train_rows, epoch=self.done_epochs + 1, start_step=self.step
        )
        head_alone = self.done_epochs < self.spec.freeze_epochs
        try:
            return train_one_epoch(self.net, batches, self.sums, head_alone=head_alone, on_step=on_step)
        except RuntimeError as error:
            if not is_card_full(error):
                raise
            del batches
            if self.net.replay is not None:
                self.net.replay.forget()
            release(error)
            shared = self.context.shares_card()
            raise out_of_memory(self.net, self.spec, is_beside_others=shared) from None

    def _profile_of_steps(self) -> StepProfile:
        """Return the profiler of an epoch: of some steps in the attempt's first one, of none without `--profile`."""
        left, self._profiles = self.data.steps_per_epoch - self.step if self._profiles else 0, False
        return StepProfile(self.paths.profile, self.context.device, self.clock, self.log, left)

    def _is_last(self, epoch: int) -> bool:
        best_epoch = self.best.epoch if self.best else None
        return epoch >= self.spec.epochs or self.spec.is_out_of_patience(epoch, best_epoch)

    def _finish_epoch(self, recorder: Recorder) -> None:
        """Evaluate the network after an epoch, and have written what it leaves."""
        self._flush(recorder)
        recorder.catch_up()
        self.sums.joules = self.group.joules(self.sums.joules)
        with self.clock.phase(Phase.EVALUATION if self.done_epochs >= 0 else Phase.EPOCH_0):
            self._check_weights()
            measured = self._measure()
        before, spec = self.best, self.spec
        self.best = better(measured, before, select_on=spec.select_on, epochs=spec.epochs)
        last = bool(self.group.agreed(self._is_last(measured.epoch)))
        if last and len(self.data.train_rows) and (measured.epoch or spec.eval_train):
            with self.clock.phase(Phase.EVALUATION):
                measured = with_train_images(measured, self._evaluate(self._train_rows_to_evaluate()))
        self.done_epochs, self.step, self.sums = measured.epoch, 0, EpochSums()
        finished = FinishedEpoch(
            measured, self.best, is_new_best=self.best != before, is_last=last, state=self._state()
        )
        self._writer.finish(finished, recorder)

    def _measure(self) -> EpochResult:
        data = self.data
        return measure(
            self.done_epochs + 1,
            replace(self._evaluate(data.test_rows), seen_groups=data.seen_groups),
            self.sums,
            lr_taken(self.net.optimizer),
            val=self._evaluate(data.val_rows) if len(data.val_rows) else None,
        )

    def _train_rows_to_evaluate(self) -> NDArray[np.int64]:
        """Return all train rows, or as many as are evaluated without `eval_train`, evenly spread over them."""
        rows = self.data.train_rows
        most = len(rows) if self.spec.eval_train else EVALUATED_TRAIN_IMAGES
        if len(rows) <= most:
            return rows
        return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]

    def _evaluate(self, rows: NDArray[np.int64]) -> Evaluation:
        """In smaller batches where the card's memory is too small: it changes no image's prediction."""
        while True:
            try:
                found = evaluate(
                    self.net.model,
                    self.data.batches.evaluate(rows),
                    head=self.net.layers.head,
                    classes=len(self.data.index.class_names),
                    autocast=self.net.autocast,
                    loss_of=self.net.loss_of,
                    group=self.group,
                )
                return replace(found, ordered=self.data.index.ordered)
            except RuntimeError as error:
                if not is_card_full(error) or not self.data.batches.halve_evaluated():
                    raise
                self.log(
                    "the memory is too small for the evaluation: going on with half as many images at once"
                )
                release(error)

    def _flush(self, recorder: Recorder) -> None:
        """Fetch the steps from the device, check their losses, record them."""
        losses = self.sums.fetch()
        if not losses:
            return
        moved = self.buckets.add(self._global_step() - len(losses), losses)
        recorder.progress(self._global_step(), self.sums, moved, self.buckets.width)

    def _check_weights(self) -> None:
        """Raise Diverged where weights are not finite, before an epoch is measured or a checkpoint is written."""
        if not all_finite(self.net.model):
            raise Diverged(self._global_step(), "weights are")

    def _global_step(self) -> int:
        return max(self.done_epochs, 0) * self.data.steps_per_epoch + self.step

    def _save(self, recorder: Recorder) -> None:
        self._check_weights()
        self._writer.save(self._state(), recorder)

    def _state(self) -> dict[str, Any]:
        """Return the content of a checkpoint, which `_load` takes."""
        return {
            "spec_hash": self.spec.training_digest(),
            "data": self.data.index.digest,
            "plugin_sha256": self.net.plugin_sha256,
            "epoch": self.done_epochs,
            "step": self.step,
            PARTITION: self.data.partition.name,
            "model": self.net.model.state_dict(),
            "optimizer": self.net.optimizer.state_dict(),
            "schedule": self.net.schedule.state_dict(),
            "scaler": self.net.scaler.state_dict(),
            "sums": self.sums.state(),
            "best": asdict(self.best) if self.best else None,
            "losses": self.buckets.state(),
        }

    def _load(self, state: dict[str, Any]) -> None:
        self.net.model.load_state_dict(state["model"])
        self.net.optimizer.load_state_dict(state["optimizer"])
        self.net.schedule.load_state_dict(state["schedule"])
        self.net.scaler.load_state_dict(state["scaler"])
        self.sums.load(state["sums"])
        self.best = Choice(**state["best"]) if state["best"] else None
        self.buckets.load(state["losses"])
        self.done_epochs, self.step = state["epoch"], state["step"]
        self.log(f"going on from epoch {self.done_epochs}, step {self.step} of {self.data.steps_per_epoch}")
