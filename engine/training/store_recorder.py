"""Recorder of a session's measurements in the run table, under the attempt's claim."""

import math
import resource
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import torch

from engine.analysis.evidence import EpochEvidence, evidence_of
from engine.analysis.findings.case import Predictions, make_case
from engine.analysis.findings.half_choices import HalfChoices
from engine.datasets.index import Index
from engine.files.epoch_predictions import read_answers
from engine.files.paths import RunPaths, gpu_cache_bytes
from engine.hardware.card_memory import memory_place
from engine.spec.run_spec import RunSpec
from engine.store import history, listing, queue, workers
from engine.store.card_neighbours import neighbours_of
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.epoch_values import row_of, values_of_row
from engine.store.history import Best, Losses, Start
from engine.store.judgement import Judgement, judgement_of
from engine.store.measurement_tables import EpochMetrics
from engine.store.memory_peaks import Peak
from engine.store.run_environment import RunEnvironment
from engine.time_line import Phase, PhaseClock
from engine.training.epoch_sums import EpochSums
from engine.training.loss_curve import Bucket
from engine.training.measure import Choice, EpochResult
from engine.training.recorder import ResumePoint
from engine.training.store_retry import Tries, patient_fence, patiently

P = ParamSpec("P")
R = TypeVar("R")


def _timed(
    write: "Callable[Concatenate[StoreRecorder, P], R]",
) -> "Callable[Concatenate[StoreRecorder, P], R]":
    """Count the time of a method for the run table."""

    @wraps(write)
    def timed(recorder: "StoreRecorder", /, *args: P.args, **kwargs: P.kwargs) -> R:
        with recorder.clock.phase(Phase.TABLE):
            return write(recorder, *args, **kwargs)

    return timed


class StoreRecorder:
    """Recorder for one attempt; while the run table cannot be reached every method but `progress`
    waits.

    Every method raises LeaseLost where another process has claimed the run."""

    def __init__(
        self,
        store: Store,
        held: Claim,
        spec: RunSpec,
        environment: dict[str, Any],
        leak: dict[str, Any] | None = None,
        paths: RunPaths | None = None,
        clock: PhaseClock | None = None,
    ) -> None:
        """Record for `held`, with the times of its `clock`; without the run's `paths` no epoch is compared with
        another image by image."""
        self.clock = clock or PhaseClock()
        self._store, self._held, self._spec, self._environment = store, held, spec, environment
        self._leak, self._paths = leak, paths
        self._labels: tuple[int, ...] = ()
        self._train_counts: tuple[int, ...] = ()
        self._class_names: tuple[str, ...] = ()
        self._baseline = 0.0
        self._test_labels = np.zeros(0, dtype=np.int64)
        self._test_groups: tuple[str, ...] | None = None
        self._judged: dict[int, EpochEvidence] | None = None
        """Evidence of the epochs so far, in order; None before it is read, once in an attempt."""
        self._choices = HalfChoices()
        self._tries = Tries()
        self._unwritten: dict[int, Losses] = {}
        """Loss buckets that the run table does not have yet, by their number."""
        self._write_progress: Callable[[], None] = lambda: None

    @_timed
    def begin(self, index: Index, point: ResumePoint) -> None:
        self._labels, self._baseline = tuple(index.counts("test")), index.baseline()
        self._train_counts, self._class_names = tuple(index.counts("train")), tuple(index.class_names)
        rows = index.rows_of("test")
        self._test_labels = np.array([index.labels[row] for row in rows], dtype=np.int64)
        self._test_groups = tuple(index.groups[row] for row in rows) if index.groups else None
        start = Start(
            epoch=point.epoch,
            bucket=point.bucket,
            open_bucket=_losses(point.open_bucket, point.width) if point.open_bucket is not None else None,
            best=_best(point.best),
            steps_per_epoch=point.steps_per_epoch,
            baseline=self._baseline,
            class_names=list(index.class_names),
            is_ordered=index.ordered,
            ordered_why=index.order.why,
            environment={**self._environment, "data_fingerprint": index.fingerprint},
            leak=self._leak,
        )
        patiently(lambda: history.begin_attempt(self._store, self._held, start))
        self._judged, self._choices = None, HalfChoices()
        self._leak = self._leak or patiently(self._noted_leak)

    @_timed
    def progress(self, step: int, sums: EpochSums, buckets: list[Bucket], width: int) -> None:
        self._unwritten |= {bucket.number: _losses(bucket, width) for bucket in buckets}
        self._write_progress = partial(self._record_progress, step, sums.images_per_s, sums.counts())
        self._tries.attempt(self._write_progress)

    @_timed
    def catch_up(self) -> None:
        if self._unwritten:
            patiently(self._write_progress)

    def _record_progress(self, step: int, images_per_s: float | None, counts: Mapping[str, float]) -> None:
        losses = [self._unwritten[number] for number in sorted(self._unwritten)]
        history.record_progress(
            self._store, self._held, step=step, images_per_s=images_per_s, losses=losses, counts=counts
        )
        self._unwritten.clear()

    @_timed
    def epoch(self, measured: EpochResult, best: Choice | None, *, last: bool) -> None:
        metrics = row_of(self._held, measured)
        metrics.runs_at_once = patiently(self._runs_at_once)
        peak = peak_of(self._spec, RunEnvironment(self._environment), measured.epoch)
        judgement = self._judge(metrics, best, last=last)
        patiently(
            lambda: history.record_epoch(
                self._store,
                self._held,
                metrics,
                measured.evaluation.confusion.tolist(),
                best=_best(best),
                judgement=judgement,
                peak=peak,
                times=self.clock.seconds(),
            )
        )

    @_timed
    def diverged(self, what: str) -> None:
        """Judge a run whose loss or weights became non-finite during an epoch, which therefore has no row."""
        earlier = self._earlier()
        last = max(earlier, default=0)
        broken = EpochEvidence(last + 1, math.nan, None, None, None, None, answers=(), labels=(), broken=what)
        judgement = self._judgement([*earlier.values(), broken], best_epoch=self._noted_best())
        assert judgement is not None
        patiently(lambda: history.record_judgement(self._store, self._held, judgement))

    def fence(self) -> AbstractContextManager[None]:
        return patient_fence(self._store, self._held)

    @_timed
    def checkpoint(self) -> None:
        times = self.clock.seconds()
        patiently(lambda: history.record_checkpoint(self._store, self._held, times=times))

    def _earlier(self) -> dict[int, EpochEvidence]:
        """Return the evidence of the run's epochs so far, which nobody else changes while this attempt holds it."""

        def read() -> list[EpochMetrics]:
            with self._store.read() as session:
                return history.epochs_of(session, self._held.run_id)

        if self._judged is None:
            self._judged = {row.epoch: self._evidence(row) for row in patiently(read)}
        return self._judged

    def _noted_best(self) -> int | None:
        """Return the epoch that `select_on` chose so far."""

        def read() -> int | None:
            with self._store.read() as session:
                return listing.get_run(session, self._held.run_id).best_epoch

        return patiently(read)

    def _runs_at_once(self) -> int | None:
        """Return the runs on the card or the host's processor, this one included; None where it has it for itself."""
        with self._store.read() as session:
            shared = neighbours_of(session, self._held.run_id)
            if shared is not None:
                return 1 + len(shared.runs)
            is_on_cpu = RunEnvironment(self._environment).device == "cpu"
            count = queue.count_trained_by(session, workers.on_cpu_here(session)) if is_on_cpu else 1
        return count if count > 1 else None

    def _noted_leak(self) -> dict[str, Any] | None:
        """Return the leak that the run's first attempt noted."""
        with self._store.read() as session:
            return listing.get_run(session, self._held.run_id).leak

    def _judge(self, latest: EpochMetrics, best: Choice | None, *, last: bool) -> Judgement | None:
        known = self._earlier()
        for later in [epoch for epoch in known if epoch >= latest.epoch]:
            del known[later]
        known[latest.epoch] = self._evidence(latest)
        return self._judgement(list(known.values()), best_epoch=best.epoch if best else None, ends_here=last)

    def _judgement(
        self, epochs: list[EpochEvidence], *, best_epoch: int | None = None, ends_here: bool = False
    ) -> Judgement | None:
        case = make_case(
            epochs,
            self._spec,
            self._train_counts,
            ends_here=ends_here,
            predictions=self._predictions(),
            leak=self._leak,
            best_epoch=best_epoch,
            class_names=self._class_names,
        )
        return None if case is None else judgement_of(case)

    def _predictions(self) -> Predictions | None:
        answers = read_answers(self._paths) if self._paths is not None else None
        if answers is None or answers.shape[1:] != self._test_labels.shape:
            return None
        return Predictions(answers, self._test_labels, self._test_groups, self._choices)

    def _evidence(self, row: EpochMetrics) -> EpochEvidence:
        return evidence_of(values_of_row(row), baseline=self._baseline, labels=self._labels)


def peak_of(spec: RunSpec, environment: RunEnvironment, epoch: int) -> Peak:
    """Return the peak memory of this process when an epoch has ended, with its card where it is that of a training of
    all its layers and its whole micro-batch."""
    device, place = environment.device, ""
    is_whole = epoch >= spec.first_whole_epoch and environment.micro_batch == spec.images_at_once
    if device.startswith("cuda") and is_whole:
        place = memory_place(torch.cuda.get_device_name(device), gpu_cache_bytes())
    return Peak(peak_memory_gb(device), place)


def peak_memory_gb(device: str) -> float:
    """Return the peak memory of this process in GiB: reserved on its card, or on the CPU resident on the host."""
    if device.startswith("cuda"):
        return float(torch.cuda.max_memory_reserved(device)) / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _losses(bucket: Bucket, width: int) -> Losses:
    return Losses(bucket.number, width, bucket.minimum, bucket.maximum, bucket.mean, bucket.last)


def _best(choice: Choice | None) -> Best | None:
    if choice is None:
        return None
    return Best(choice.epoch, choice.value, choice.accuracy, choice.balanced_accuracy, choice.kappa)
