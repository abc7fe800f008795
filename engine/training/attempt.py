"""Attempt to train a claimed run in this process, with its recorded end."""

import contextlib
import sys
import traceback
from collections.abc import Mapping
from typing import Any

import torch

from engine.datasets.pixels.locks import Stopped
from engine.datasets.pixels.packing import PackingLine
from engine.files.paths import Home, sweep_aside
from engine.hardware.cores import CoreShare
from engine.hardware.mps import mps_answers, mps_folder
from engine.spec.conflicts import smallest_batch
from engine.spec.grid import load_spec
from engine.spec.recipe_words import run_in_words
from engine.store import history, listing, queue
from engine.store.activity import Activity
from engine.store.card_neighbours import Neighbours, neighbours_of
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.errors import LeaseLost, StoreError
from engine.store.run_environment import RunEnvironment
from engine.store.run_numbers import numbered
from engine.store.status import Status
from engine.store.tables import Run
from engine.text import plain
from engine.time_line import Phase
from engine.training.briefing import Briefing
from engine.training.context import RunContext
from engine.training.control_channel import ControlChannel
from engine.training.environment import carried_on, environment_now, other_bits
from engine.training.failures import Failure, explain
from engine.training.group import SINGLE, Group, GroupBroken
from engine.training.log import log
from engine.training.loss_curve import Diverged
from engine.training.out_of_memory import (
    OutOfMemory,
    OutOfMemoryBesideOthers,
    halved,
    is_card_full,
    release,
    shrink_line,
)
from engine.training.session import Session
from engine.training.store_recorder import StoreRecorder
from engine.training.store_retry import patient_fence, patiently
from engine.training.torch_setup import named_threads, resolve_threads, set_up_process


class Attempt:
    """Claimed run on a device, from its setup to its recorded end."""

    def __init__(
        self,
        store: Store,
        home: Home,
        held: Claim,
        device: torch.device,
        channel: ControlChannel,
        *,
        profiles: bool = False,
        group: Group = SINGLE,
    ) -> None:
        """Read the run's row; this process leads the `group` that trains it.

        Raises StoreError where the run table stays out of reach."""
        self._store, self._home, self._held, self._profiles = store, home, held, profiles
        self._device, self._channel, self._clock = device, channel, channel.clock
        self._group = group
        self._clock.enter(Phase.REST)
        run = patiently(self._read_run)
        self.spec = load_spec(run.spec, run.id)
        self._class_names, self._trained_epochs = tuple(run.class_names), run.epoch
        self._trains_alone = run.trains_alone
        self._recorded: Mapping[str, Any] = run.environment
        """Environment recorded by the attempts so far."""

    def _read_run(self) -> Run:
        with self._store.read() as session:
            return listing.get_run(session, self._held.run_id)

    def run(self) -> bool:
        """Train the run and record its end: done, stopped or failed; return False where the other processes of the
        group know nothing of it. Raises LeaseLost, StoreError, and GroupBroken where one of them has ended."""
        with patient_fence(self._store, self._held):
            log(f"run {self._held.run_id} attempt {self._held.attempt}: {run_in_words(self.spec)}")
        try:
            finished = self._train(self._set_up_process())
        except (LeaseLost, StoreError):
            raise
        except Stopped:
            self._finish(finished=False)
        except Exception as error:
            if self._group.is_broken_by(error):
                raise GroupBroken(str(error)) from error
            self._fail(error)
        else:
            self._finish(finished)
            return True
        return False

    def _set_up_process(self) -> dict[str, Any]:
        """Prepare torch and the run's folder; return the environment of this attempt."""
        with self._clock.phase(Phase.BUILDING):
            share = self._channel.core_share()
            environment = environment_now(self.spec, self._device, self._home, self._recorded, share=share)
            self._say_threads(environment["threads"], share)
            self._say_sharing()
            log("  ".join(f"{name} {value}" for name, value in environment.items() if value is not None))
            set_up_process(self.spec, environment, self._device)
        with patient_fence(self._store, self._held):
            sweep_aside(self._home.run(self._held.run_id).folder)
        briefing = self._briefing(environment)
        self._group.told(briefing)
        return environment

    def _briefing(self, environment: Mapping[str, Any]) -> Briefing:
        return Briefing(self._held.run_id, self.spec.to_json(), environment, self._class_names)

    def _say_threads(self, threads: int, share: CoreShare) -> None:
        """Log why a run that begins takes fewer threads than it would on an idle host."""
        begins = not RunEnvironment(self._recorded).threads and not named_threads(self.spec.threads)
        if begins and threads < resolve_threads(0, share.usable):
            why = share.why or f"{self.spec.gpus} processes share the cores"
            log(f"threads {threads} for the whole run: {why} (--threads sets another number)")

    def _say_sharing(self) -> None:
        """Log who shares the card, and how."""
        shared = self._neighbours()
        if shared is None:
            return
        if self._trains_alone:
            log(f"trains alone on {shared.device}: it ran out of memory beside other runs")
            return
        now = f" (now {numbered(shared.runs)})" if shared.runs else ""
        how = "by MPS" if mps_answers() else f"by time slices: no MPS daemon answers in {mps_folder()}"
        log(f"shares {shared.device} with up to {shared.slots - 1} other runs{now}, {how}")

    def _neighbours(self) -> Neighbours | None:
        """Return who shares the card. Raises StoreError where the run table stays out of reach."""

        def read() -> Neighbours | None:
            with self._store.read() as session:
                return neighbours_of(session, self._held.run_id)

        return patiently(read)

    def _shares_card(self) -> bool:
        """Return True where other runs are on the card, unless this one was to have it for itself."""
        shared = None if self._trains_alone else self._neighbours()
        return shared is not None and shared.is_shared

    def _train(self, environment: dict[str, Any]) -> bool:
        """Train to the end; return False where the run was stopped earlier.

        Where the card's memory is too small and `on_oom` is `shrink`, resume from the newest checkpoint in a new
        session with half the micro-batch, which `environment` keeps for later attempts."""
        while True:
            try:
                session = Session(self._context(environment))
                session.log = log
                self._say_lost(session)
                return self._train_session(session, self._recorder(session, environment))
            except OutOfMemory as error:
                smaller = halved(error.images, smallest_batch(self.spec))
                if self.spec.on_oom != "shrink" or smaller is None or _is_beside_others(error):
                    raise
                log(shrink_line(error, smaller))
                environment["micro_batch"] = smaller
                del session
                release(error)
                if self._device.type == "cuda":
                    # The run's peak memory does not include the step that did not fit.
                    torch.cuda.reset_peak_memory_stats(self._device)

    def _say_lost(self, session: Session) -> None:
        """Log that a run which has trained epochs begins again, because this home lacks its checkpoint."""
        if self._trained_epochs and not session.resumed:
            host = RunEnvironment(self._recorded).host
            log(
                f"no checkpoint in {session.paths.folder}, though {self._trained_epochs} epochs were trained"
                f"{f' on {host}' if host else ''}: training from the start"
            )
        self._trained_epochs = 0

    def _context(self, environment: Mapping[str, Any]) -> RunContext:
        return self._briefing(environment).context(
            self._home,
            self._device,
            log=self._show,
            should_stop=self._channel.should_stop,
            shares_card=self._shares_card,
            profiles=self._profiles,
            clock=self._clock,
            group=self._group,
        )

    def _show(self, text: str) -> None:
        """Log a line and show it in the run table, because packing before the first step may take minutes."""
        shown = plain(" ".join(text.split()))
        activity = Activity.PACKING if isinstance(text, PackingLine) else Activity.PREPARING
        with self._clock.phase(Phase.TABLE):
            patiently(lambda: history.record_doing(self._store, self._held, activity, shown))
        log(text)

    def _recorder(self, session: Session, environment: Mapping[str, Any]) -> StoreRecorder:
        before = self._recorded if session.resumed else {}
        self._recorded = carried_on(before, environment, self._held.attempt) if before else dict(environment)
        if before and (warning := other_bits(self._recorded, self._held.attempt)):
            log(warning)
        leak = session.leak.document() if session.leak is not None else None
        paths = self._home.run(self._held.run_id)
        return StoreRecorder(
            self._store, self._held, self.spec, dict(self._recorded), leak, paths, self._clock
        )

    def _train_session(self, session: Session, recorder: StoreRecorder) -> bool:
        try:
            return session.train(recorder, self._channel.should_stop)
        except Diverged as error:
            recorder.diverged(str(error))
            raise

    def _finish(self, finished: bool) -> None:
        asked: dict[str | None, Status] = {"cancel": "cancelled", "pause": "paused"}
        status = "done" if finished else asked.get(self._channel.reason)
        if status is None:
            patiently(lambda: queue.put_back(self._store, self._held, times=self._clock.seconds()))
            log("stopped; queued again")
        else:
            log(patiently(lambda: queue.end(self._store, self._held, status, times=self._clock.seconds())))

    def _fail(self, error: Exception) -> None:
        if _is_beside_others(error) or (is_card_full(error) and self._shares_card()):
            self._put_back_to_train_alone()
        else:
            self.record_failure(Failure(*explain(error, self.spec), traceback.format_exc()))

    def _put_back_to_train_alone(self) -> None:
        """Queue the run again, because other runs may have taken the memory that it lacked."""
        shared = self._neighbours()
        beside = numbered(shared.runs) if shared is not None and shared.runs else "a run that has just ended"
        with patient_fence(self._store, self._held):
            log(f"out of memory beside {beside}: queued again, to train alone on the card")
        times = self._clock.seconds()
        patiently(lambda: queue.put_back(self._store, self._held, times=times, trains_alone=True))

    def say(self, text: str) -> None:
        """Log a line inside the fence, because a process without a lease must not write, not even to the log.

        Raises LeaseLost, StoreError."""
        with patient_fence(self._store, self._held):
            log(text)

    def record_failure(self, failure: Failure) -> None:
        """Log a failure and record it as the run's end. Raises LeaseLost, StoreError."""
        with patient_fence(self._store, self._held):
            if failure.cause == "code":
                with contextlib.suppress(OSError):
                    print(failure.trace, end="", file=sys.stderr)
            log(f"failed ({failure.cause}): {failure.text}")
        patiently(
            lambda: queue.end(
                self._store,
                self._held,
                "failed",
                cause=failure.cause,
                error=failure.text,
                suggestion=failure.suggestion,
                times=self._clock.seconds(),
            )
        )


def _is_beside_others(error: Exception) -> bool:
    return isinstance(error, OutOfMemoryBesideOthers)
